"""The Makefile says what it can do, and passes on what it is given."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def make(*arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_make_alone_lists_every_target():
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    listed = [line.split()[1] for line in make("--no-print-directory").splitlines() if line.startswith("  make ")]
    assert sorted(listed) == sorted(phony.split()[1:])


@pytest.mark.parametrize(
    ("given", "command"),
    [
        ([], "tfx-ocr run digits"),
        (["RECIPE=lines"], "tfx-ocr run lines"),
        (["DATA=my digits", "NETWORK=mlp"], 'tfx-ocr run digits --data "my digits" --network mlp'),
    ],
    ids=["default", "recipe", "data_and_network"],
)
def test_run_passes_on_what_it_is_given(given, command):
    lines = make("--no-print-directory", "-n", "run", *given).splitlines()
    assert [" ".join(line.split()) for line in lines[1:]] == [
        ".venv/bin/tfx-ocr doctor --quiet",
        f".venv/bin/{command}",
    ]


def test_continuous_integration_runs_the_tests():
    assert "exec make test" in (ROOT / ".ci/run").read_text()
