"""The page's sections: `NAME.py` picks the numbers out of a run, `NAME.html.j2` shows them.

A section module has `TITLE` and `facts(run) -> dict`; the dict goes to the template and, under the section's name, into
`report.json`. Where a step left nothing to show, the dict is `missing(sentence)` and the page prints the sentence.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

VERDICT = ("verdict", "metrics")
REST = ("curves", "slices", "portable", "data", "lineage")


def get_sections(of_task: Sequence[str]) -> dict[str, ModuleType]:
    """Return a page's sections by name, in order: the verdict, the task's own and those that every run has."""
    return {name: importlib.import_module(f"{__name__}.{name}") for name in (*VERDICT, *of_task, *REST)}


def explain_missing(sentence: str) -> dict[str, Any]:
    """Return the facts of a section that has nothing to show, and why."""
    return {"missing": sentence}
