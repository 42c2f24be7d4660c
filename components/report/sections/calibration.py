"""Whether probabilities are as often right as they say: confidence against accuracy, and the temperature behind it."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.calibration import list_bins, measure_error
from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Calibration"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `n` answers, their expected calibration `error`, its `bins`, and the Trainer's calibration as `fitted`.

    A bin has `low`, `high`, `n`, `confidence` and `accuracy`; `fitted` is None where the export is not calibrated.
    """
    if not run.confidences:
        return explain_missing("The evaluation holds no answers.")
    confidences, right = run.confidences
    names = ("low", "high", "n", "confidence", "accuracy")
    return {
        "n": len(right),
        "error": measure_error(confidences, right),
        "bins": [dict(zip(names, row, strict=True)) for row in list_bins(confidences, right)],
        "fitted": run.calibration,
    }
