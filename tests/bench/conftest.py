"""Lets tests import the benches as the scripts that they are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def beside(monkeypatch):
    """Let scripts of this folder import each other by name."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield
    for path in Path(__file__).parent.glob("*.py"):
        if not path.name.startswith(("test_", "conftest")):
            sys.modules.pop(path.stem, None)
