"""The page's sections: `NAME.py` picks the numbers out of a run, `NAME.html.j2` shows them.

A section module has `TITLE` and `facts(run) -> dict`; the dict goes to the template and, under the section's name, into
`report.json`. Where a step left nothing to show, the dict is `missing(sentence)` and the page prints the sentence.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

VERDICT = ("verdict", "metrics")
REST = ("curves", "slices", "fast", "data", "lineage")

# task in components.tasks.TASKS -> sections between the verdict and the rest, in the page's order
OF_TASK: dict[str, tuple[str, ...]] = {
    "classification": ("mistakes", "confusion", "classes"),
    "syllables": ("mistakes", "syllables", "classes"),
    "sequence": ("readings", "characters"),
    "tagging": ("fields", "pages"),
}


def get_sections(task: str | None) -> dict[str, ModuleType]:
    """Sections of a page by name, in order. A task without sections of its own gets those that all have."""
    names = (*VERDICT, *OF_TASK.get(task or "", ()), *REST)
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def explain_missing(sentence: str) -> dict[str, Any]:
    """Facts of a section that has nothing to show, and why."""
    return {"missing": sentence}
