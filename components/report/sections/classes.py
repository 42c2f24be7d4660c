"""The classification report: precision, recall, F1 and support of each class."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Classes"
MOST = 40  # rows of the table; of more classes the worst are shown


def build_facts(run: Run) -> dict[str, Any]:
    """Return `rows` (`label`, `precision`, `recall`, `f1`, `support`), the `total`, and `averages` over all."""
    if run.gate is None or not run.gate.get("classes"):
        return explain_missing("The evaluation holds no numbers a class.")
    rows = [{"label": label, **values} for label, values in run.gate["classes"].items()]
    shown = sorted(rows, key=lambda row: (row["f1"], -row["support"]))[:MOST] if len(rows) > MOST else rows
    metrics = run.gate["metrics"]
    averages = {name: metrics.get(f"macro_{name}") for name in ("precision", "recall", "f1")}
    return {"rows": shown, "total": len(rows), "averages": averages, "n": run.gate["n"]}
