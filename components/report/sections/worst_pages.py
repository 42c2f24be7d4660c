"""The pages with the most wrong fields: what was written down beside what was answered."""

from __future__ import annotations

import json
from typing import Any

from tfx_ocr.components.report.mistakes import list_judged_fields
from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing
from tfx_ocr.data import normalization

TITLE = "Worst pages"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `shown`: of each page `source`, how many fields are `wrong` of how many, and `rows`.

    A row has `field`, `reference` and `hypothesis` ("" where it is missing) and `state`: `right`; `nearly`, right when
    normalised; `differs`; `missed`, nothing was answered; `in vain`, nothing was written down; `not judged`, no page
    has the field written down.
    """
    if run.mistakes is None or run.pairs is None:
        return explain_missing("The evaluation holds no answers.")
    judged = list_judged_fields([reference for reference, _ in run.pairs])
    if not judged:
        return explain_missing("No page of the data has a field written down: none was judged.")
    return {"shown": [_shown(mistake, judged) for mistake in run.mistakes]}


def _shown(mistake: Any, judged: set[str]) -> dict[str, Any]:
    wanted, given = json.loads(mistake["reference"]), json.loads(mistake["hypothesis"])
    return {
        "source": mistake["source"],
        "wrong": mistake["badness"],
        "rows": [
            {
                "field": name,
                "reference": wanted.get(name, ""),
                "hypothesis": given.get(name, ""),
                "state": _state(name, wanted.get(name, ""), given.get(name, "")) if name in judged else "not judged",
            }
            for name in sorted({*wanted, *given})
        ],
    }


def _state(field: str, wanted: str, given: str) -> str:
    if normalization.normalize_exact(wanted) == normalization.normalize_exact(given):
        return "right"
    if not normalization.normalize_exact(given):
        return "missed"
    if not normalization.normalize_exact(wanted):
        return "in vain"
    return (
        "nearly"
        if normalization.normalize_field(field, wanted) == normalization.normalize_field(field, given)
        else "differs"
    )
