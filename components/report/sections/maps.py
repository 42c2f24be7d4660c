"""Where in the picture the answers come from: class activation maps of wrong answers and of right ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "What answers hang on"


def build_facts(run: Run) -> dict[str, Any]:
    """Return the `wrong` and the `right` answers that have a map. The pictures are in the page only."""
    wrong, right = (_list_explained(answers, run) for answers in (run.mistakes, run.right))
    if not wrong and not right:
        return explain_missing("The model explains no answers: its network has no last map, or none was evaluated.")
    return {"wrong": wrong, "right": right, "has_parts": run.part.task == "syllables"}


def _list_explained(answers: Sequence[Mapping[str, Any]] | None, run: Run) -> list[Mapping[str, Any]]:
    return [answer for answer in answers or () if answer["source"] in run.maps]
