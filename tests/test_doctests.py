"""Every example in a docstring runs: `pytest --doctest-modules` would import the files under a second name."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("pipeline", "components", "data", "serving")
IMPORTS_TENSORFLOW = re.compile(r"^\s*(?:import|from) (?:tensorflow|keras|tfx|apache_beam)", re.MULTILINE)


def examples() -> list:
    """Return modules whose text has an example, marked `tfx` where the text also imports TensorFlow."""
    found = []
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if ">>> " in text:
            name = ".".join(("tfx_ocr", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
            found.append(pytest.param(name, marks=[pytest.mark.tfx] if IMPORTS_TENSORFLOW.search(text) else []))
    return found


@pytest.mark.parametrize("module", examples())
def test_examples_in_docstrings_run(module):
    failed, attempted = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert (failed, attempted > 0) == (0, True)
