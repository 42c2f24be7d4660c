"""What a classification is judged by, for Hangul: the best five answers and the three jamo of the best one too."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence

import numpy as np

from tfx_ocr.components.evaluator.metrics import classification
from tfx_ocr.components.evaluator.metrics.bootstrap import Averages
from tfx_ocr.components.evaluator.metrics.pairs import Outputs, Pair, Pairs, Record, get_text, get_texts
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import hangul

TOP = 5
PARTS = ("initial_accuracy", "medial_accuracy", "final_accuracy")
NAMES = ("accuracy", f"top_{TOP}", *classification.NAMES[1:], *PARTS)
CLASS_NAMES = classification.CLASS_NAMES
LOWER_IS_BETTER: frozenset[str] = frozenset()


def make_pair(record: Record, outputs: Outputs) -> Pair:
    """Return the record's syllable, and those predicted as one text, the best first."""
    return get_text(record, features.LABEL), "".join(get_texts(outputs, features.LABELS_OUT))


def measure(pairs: Sequence[Pair]) -> Averages:
    """Prepare shares of answers for any count of the pairs.

    `accuracy`, the macro averages and the jamo are those of the best answer, an answer's first character; `top_5` is
    how often the syllable is among the first five (or all, where a recipe's answers hold fewer).

    Args:
        pairs: a syllable each, and the syllables answered for it, best first.

    Returns:
        [tests, pairs] counts to [tests] fractions from 0 to 1 under each of `NAMES`.

    Raises:
        ValueError: a reference is not one composed syllable.
    """
    of_best = classification.measure([(label, answer[:1]) for label, answer in pairs])
    right = np.array([[label in answer[:TOP], *_jamo_right(label, answer[:1])] for label, answer in pairs])

    def averages(counts: np.ndarray) -> dict[str, np.ndarray]:
        shares = counts @ right / counts.sum(1, keepdims=True)
        return {**of_best(counts), **dict(zip((f"top_{TOP}", *PARTS), shares.T, strict=True))}

    return averages


def measure_classes(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and support of each syllable, as `classification.measure_classes` does."""
    return classification.measure_classes(count_confusions(pairs))


def count_confusions(pairs: Pairs) -> Mapping[Pair, int]:
    """Count how often which syllable was the best answer for which."""
    found: collections.Counter[Pair] = collections.Counter()
    for (label, answer), count in collections.Counter(pairs).items():
        found[label, answer[:1]] += count
    return found


def _jamo_right(label: str, answer: str) -> tuple[bool, bool, bool]:
    """Whether initial, medial and final are the label's; all False for an answer that is not a syllable."""
    if hangul.find_problem(answer):
        return False, False, False
    initial, medial, final = (ours == theirs for ours, theirs in zip(*map(hangul.split, (label, answer)), strict=True))
    return initial, medial, final
