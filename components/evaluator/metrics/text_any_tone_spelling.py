"""What texts are judged by, where the old and the new spelling of Vietnamese tone marks are one: hòa is hoà."""

from __future__ import annotations

from tfx_ocr.components.evaluator.metrics import text
from tfx_ocr.components.evaluator.metrics.pairs import Outputs, Pair, Record
from tfx_ocr.components.evaluator.metrics.text import (
    CLASS_NAMES,
    LOWER_IS_BETTER,
    NAMES,
    count_confusions,
    measure,
    measure_classes,
)
from tfx_ocr.data.normalization import unify_tone_spelling

__all__ = ["CLASS_NAMES", "LOWER_IS_BETTER", "NAMES", "count_confusions", "make_pair", "measure", "measure_classes"]


def make_pair(record: Record, outputs: Outputs) -> Pair:
    """Return the record's `label` and the model's, both in the new spelling."""
    reference, answer = map(unify_tone_spelling, text.make_pair(record, outputs))
    return reference, answer
