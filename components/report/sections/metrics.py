"""The headline metrics with their confidence intervals, limits and the served version's values."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Metrics"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `split`, `n` and `rows`, limited ones first: `name`, `value`, `low`, `high`, `limit`, `served`.

    Of an ensemble also `members`: `member` and `cells`, for each of `rows` the member's `value`, and `low` and `high`
    of how much better than it the ensemble is, above 0 for better.
    """
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
    members = [
        {
            "member": each["member"],
            "cells": [
                {
                    "value": each["metrics"][row["name"]],
                    "low": -each["worse"][row["name"]][1] + 0.0,  # no -0.0
                    "high": -each["worse"][row["name"]][0] + 0.0,
                }
                for row in rows
            ],
        }
        for each in run.gate.get("members") or []
    ]
    return {"split": run.gate["split"], "n": run.gate["n"], "rows": rows, "members": members}
