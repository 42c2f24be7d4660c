"""The worst mistakes, as pictures."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import missing

TITLE = "Worst mistakes"


def facts(run: Run) -> dict[str, Any]:
    """`shown`: see `mistakes.worst`. The pictures are the page's alone."""
    if run.mistakes is None:
        return missing("The evaluation holds no answers.")
    return {"shown": list(run.mistakes)}
