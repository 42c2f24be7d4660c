"""Whether the network as TFLite answers as the export does, and so goes with the push."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Fast runtime"


def build_facts(run: Run) -> dict[str, Any]:
    """Return what `fast.json` holds, and `rows`: `name`, `value`, `wanted`; empty where nothing was compared."""
    if run.fast is None:
        return explain_missing("The InfraValidator left no fast.json: the export failed its trial.")
    rows = [
        ("Equal answers, share", "same", f"at least {run.fast['same_at_least']:g}"),
        ("Distance of probabilities, mean", "mean_distance", f"at most {run.fast['mean_distance_at_most']:g}"),
        ("Distance of probabilities, largest", "largest_distance", ""),
    ]
    shown = [{"name": name, "value": run.fast[key], "wanted": wanted} for name, key, wanted in rows]
    return {**run.fast, "rows": shown if run.fast["same"] is not None else []}
