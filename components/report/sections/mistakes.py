"""The worst mistakes, as pictures."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Worst mistakes"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `shown`: see `mistakes.select_worst`. The pictures are in the page only."""
    if run.mistakes is None:
        return explain_missing("The evaluation holds no answers.")
    return {"shown": list(run.mistakes)}
