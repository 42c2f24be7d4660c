"""Whether the portable form answers as the SavedModel does, and so goes with the push."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Portable form"


def build_facts(run: Run) -> dict[str, Any]:
    """Return what `portable.json` holds, `rows` (`name`, `value`, `wanted`; empty without a comparison), `rounding`.

    `rounding` is what weights stored as float16 or int8 change, see `Run`; None where they are float32.
    """
    if run.portable is None:
        return explain_missing("The InfraValidator left no portable.json: the export failed its trial.")
    rows = [
        ("Equal answers, share", "same", f"at least {run.portable['same_at_least']:g}"),
        ("Distance of probabilities, mean", "mean_distance", f"at most {run.portable['mean_distance_at_most']:g}"),
        ("Distance of probabilities, largest", "largest_distance", ""),
    ]
    shown = [{"name": name, "value": run.portable[key], "wanted": wanted} for name, key, wanted in rows]
    return {**run.portable, "rows": shown if run.portable["same"] is not None else [], "rounding": run.rounding}
