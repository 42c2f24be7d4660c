"""Accuracy, macro precision, recall and F1, and those of each class, from a sparse count of (label, answer) pairs.

A class is any text seen as a label or as an answer. A class seen as neither is left out of the macro averages: they
are scikit-learn's with `labels` = the classes seen and `zero_division=0`. Macro F1 is the mean of the classes' F1, not
the F1 of mean precision and mean recall.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tfx_ocr.components.evaluator.metrics.bootstrap import Averages
from tfx_ocr.components.evaluator.metrics.pairs import (
    Outputs,
    Pair,
    Pairs,
    Record,
    compute_rates,
    count_pairs,
    get_text,
)
from tfx_ocr.data import features

NAMES = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
CLASS_NAMES = ("precision", "recall", "f1")
LOWER_IS_BETTER: frozenset[str] = frozenset()


def make_pair(record: Record, outputs: Outputs) -> Pair:
    """Return the record's `label` and the model's."""
    return get_text(record, features.LABEL), get_text(outputs, features.LABEL_OUT)


def measure(pairs: Sequence[Pair]) -> Averages:
    """Prepare accuracy and the macro averages for any count of the pairs.

    Args:
        pairs: (label, answer) texts.

    Returns:
        [tests, pairs] counts to [tests] fractions from 0 to 1 under each of `NAMES`.

    >>> averages = measure([("a", "a"), ("a", "b"), ("b", "b")])
    >>> averages(np.array([[1, 1, 2]]))["accuracy"]
    array([0.75])
    """
    cells = _Cells.of(pairs)

    def averages(counts: np.ndarray) -> dict[str, np.ndarray]:
        hits, support, answered = cells.margins(counts)
        seen = np.count_nonzero(support + answered, axis=1)  # rates of the others are 0
        macro = {f"macro_{name}": of.sum(1) / seen for name, of in compute_rates(hits, support, answered).items()}
        return {"accuracy": hits.sum(1) / support.sum(1), **macro}

    return averages


def measure_classes(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and support (how often it was the label) of each class seen, in their order.

    0 stands for what has no value: the recall of a class that was never the label, the precision of one never answered.

    Raises:
        ValueError: `pairs` is empty.

    >>> measure_classes([("a", "a"), ("a", "b"), ("b", "b")])["b"]
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666, 'support': 1}
    """
    came, counts = count_pairs(pairs)
    cells = _Cells.of(came)
    hits, support, answered = (each[0] for each in cells.margins(counts[np.newaxis]))
    columns = compute_rates(hits, support, answered)
    return {
        name: {**{rate: float(column[i]) for rate, column in columns.items()}, "support": int(support[i])}
        for i, name in enumerate(cells.names)
    }


def count_confusions(pairs: Pairs) -> Mapping[Pair, int]:
    """Count how often which class was predicted for which: the pairs as they are."""
    return collections.Counter(pairs)


@dataclasses.dataclass(frozen=True)
class _Cells:
    """The cells of a confusion matrix that are not empty.

    Attributes:
        names: the classes seen, sorted; K.
        labels: [cells] int, index of the label.
        answers: [cells] int, index of the answer.
    """

    names: list[str]
    labels: np.ndarray
    answers: np.ndarray

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> _Cells:
        names = sorted({text for pair in pairs for text in pair})
        index = {name: i for i, name in enumerate(names)}
        labels, answers = ([index[each[place]] for each in pairs] for place in (0, 1))
        return cls(names=names, labels=np.array(labels), answers=np.array(answers))

    def margins(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """[tests, K] each: how often a class was answered rightly, was the label, was the answer."""
        right = self.labels == self.answers
        return (
            self._by(self.labels[right], counts[:, right]),
            self._by(self.labels, counts),
            self._by(self.answers, counts),
        )

    def _by(self, classes: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(classes, weights=row, minlength=len(self.names)) for row in counts])
