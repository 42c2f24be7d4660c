"""The headline metrics with their confidence intervals, limits and the served version's values."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Metrics"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `split`, `n` and `rows`, limited ones first: `name`, `value`, `low`, `high`, `limit`, `served`."""
    if run.gate is None:
        return explain_missing("The evaluation holds no gate.json.")
    limits = {**run.part.gate.at_least, **run.part.gate.at_most} if run.part.gate else {}
    served = (run.gate.get("served") or {}).get("metrics") or {}
    intervals = run.gate.get("intervals") or {}
    rows = []
    for name in sorted(run.gate["metrics"], key=lambda name: name not in limits):
        low, high = intervals.get(name, (None, None))
        rows.append(
            {
                "name": name,
                "value": run.gate["metrics"][name],
                "low": low,
                "high": high,
                "limit": limits.get(name),
                "served": served.get(name),
            }
        )
    return {"split": run.gate["split"], "n": run.gate["n"], "rows": rows}
