"""The metrics of parts of the data: a writer, a font, a form."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Slices"
MOST = 40  # rows; of more slices the worst by the first metric are shown


def build_facts(run: Run) -> dict[str, Any]:
    """Return `names` of metrics, `rows` (`slice`, `n`, `values` in that order), worst first, and the `total`."""
    if not run.part.gate or not run.part.gate.slices:
        return explain_missing(
            "The recipe's gate names no slices (gate.slices): the metrics above are of all examples."
        )
    if not run.slices:
        return explain_missing("The evaluation holds no metrics of slices.")
    counted = "example_count"
    names = [name for name in run.gate["metrics"] if name in run.slices[0]["metrics"]] if run.gate else []
    rows = [
        {
            "slice": each["slice"],
            "n": int(each["metrics"].get(counted, 0)),
            "values": [each["metrics"].get(name) for name in names],
        }
        for each in run.slices
    ]
    rows.sort(key=lambda row: row["slice"])
    errors = (run.gate or {}).get("lower_is_better", ())
    rows.sort(key=lambda row: row["values"][:1], reverse=bool(names) and names[0] in errors)
    return {"names": names, "rows": rows[:MOST], "total": len(rows)}
