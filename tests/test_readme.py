"""The README's commands exist as it writes them; those that take minutes are run in tests/e2e."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest
import typer

from tfx_ocr.data.alphabets import ALPHABETS
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.cli import app

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("tfx-ocr ")])
def test_a_command_of_ours_is_understood(line):
    _, name, *arguments = shlex.split(line, comments=True)
    if name == "--help":
        return
    command = typer.main.get_command(app()).commands[name]
    command.make_context(name, arguments)  # a wrong option or argument raises UsageError


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("make ")])
def test_a_make_target_is_there_with_its_variables(line):
    _, target, *variables = shlex.split(line, comments=True)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.M)
    for variable in variables:
        assert re.search(rf"^{variable.split('=')[0]} \?=", makefile, re.M)


def test_the_recipe_of_ones_own_is_one(monkeypatch):
    made = {}
    for block in re.findall(r"```python\n# (\S+)\n(.*?)```", TEXT, re.S):
        made[block[0]] = ModuleType(Path(block[0]).stem)
        exec(compile(block[1], block[0], "exec", dont_inherit=True), vars(made[block[0]]))
    digits = made["data/alphabets/meters.py"]
    assert digits.find_problem("0042.7") is None
    assert digits.find_problem("42 m") == "unknown label: ' ' in '42 m' is no digit"
    recipe = made["pipeline/recipes/meters.py"].METERS
    with pytest.raises(ValueError, match="alphabet is 'meters'; known"):
        check_recipe(recipe)
    monkeypatch.setitem(ALPHABETS, "meters", "tfx_ocr.data.alphabets.meters")
    check_recipe(recipe)


def test_links_lead_to_files():
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
