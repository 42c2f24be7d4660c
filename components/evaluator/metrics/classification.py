"""Accuracy, macro precision, recall and F1, and those of each class, from a sparse count of (label, answer) pairs.

A class is any text seen as a label or as an answer. A class seen as neither is left out of the macro averages: they
are scikit-learn's with `labels` = the classes seen and `zero_division=0`. Macro F1 is the mean of the classes' F1, not
the F1 of mean precision and mean recall.
"""

from __future__ import annotations

import collections
import dataclasses

import numpy as np

from tfx_ocr.components.evaluator.metrics.pairs import Outputs, Pair, Pairs, Record, text
from tfx_ocr.data import features

NAMES = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
CLASS_NAMES = ("precision", "recall", "f1")

SEED = 7
RESAMPLES = 1000
COVERAGE = 0.95


def pair(record: Record, outputs: Outputs) -> Pair:
    """The record's `label` and the answer's."""
    return text(record, features.LABEL), text(outputs, features.LABEL_OUT)


def metrics(pairs: Pairs) -> dict[str, float]:
    """Accuracy and the macro averages.

    Args:
        pairs: (label, answer) texts, or a mapping of such pairs to how often they came.

    Returns:
        Fractions from 0 to 1 under each of `NAMES`.

    Raises:
        ValueError: there is no pair.

    >>> metrics([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])["accuracy"]
    0.75
    """
    cells = _Cells.of(pairs)
    return _averages(*cells.margins(cells.counts))


def classes(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support (how often it was the label) of each class seen, in the classes' order.

    0 stands for what has no value: the recall of a class that was never the label, the precision of one never answered.

    Raises:
        ValueError: there is no pair.

    >>> classes([("a", "a"), ("a", "b"), ("b", "b")])["b"]
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666, 'support': 1}
    """
    cells = _Cells.of(pairs)
    hits, support, answered = cells.margins(cells.counts)
    columns = _rates(hits, support, answered)
    return {
        name: {**{rate: float(column[i]) for rate, column in columns.items()}, "support": int(support[i])}
        for i, name in enumerate(cells.names)
    }


def intervals(pairs: Pairs, resamples: int = RESAMPLES, seed: int = SEED) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals of `metrics`: percentiles, moved so that the resamples' mean is the metric itself.

    A resample draws as many pairs as there are, with replacement: a multinomial over the counts. A class that a
    resample does not see is left out of its averages, as in `metrics`. Resampled F1 of classes with a handful of
    examples lies below what it resamples (0.943 for 0.947 with 9 examples a class): without the move the metric would
    lie outside its own interval.

    Args:
        pairs: as for `metrics`.
        resamples: how many tests are drawn.
        seed: of the drawing; the same pairs in any order give the same intervals.

    Returns:
        (low, high) under each of `NAMES`.

    Raises:
        ValueError: there is no pair.

    Source: Efron, "Bootstrap methods: another look at the jackknife", 1979.
    """
    cells = _Cells.of(pairs)
    generator = np.random.default_rng(seed)
    total = int(cells.counts.sum())
    share = cells.counts / total
    drawn = [_averages(*cells.margins(generator.multinomial(total, share))) for _ in range(resamples)]
    edges = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
    found = {}
    for name, value in _averages(*cells.margins(cells.counts)).items():
        values = np.array([each[name] for each in drawn])
        low, high = np.clip(np.quantile(values, edges) + value - values.mean(), 0, 1)
        found[name] = (float(low), float(high))
    return found


@dataclasses.dataclass(frozen=True)
class _Cells:
    """The cells of a confusion matrix that are not empty.

    Attributes:
        names: the classes seen, sorted; K.
        labels: [cells] int, index of the label.
        answers: [cells] int, index of the answer.
        counts: [cells] int, how often.
    """

    names: list[str]
    labels: np.ndarray
    answers: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, pairs: Pairs) -> _Cells:
        counted = sorted(collections.Counter(pairs).items())  # sorted: the order of the answers changes nothing
        if not counted:
            raise ValueError("no answers to judge: give at least one (label, answer) pair")
        names = sorted({text for pair, _ in counted for text in pair})
        index = {name: i for i, name in enumerate(names)}
        return cls(
            names=names,
            labels=np.array([index[label] for (label, _), _ in counted]),
            answers=np.array([index[answer] for (_, answer), _ in counted]),
            counts=np.array([count for _, count in counted]),
        )

    def margins(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """[K] each: how often a class was answered rightly, was the label, was the answer."""
        size = len(self.names)
        hits = np.bincount(self.labels, weights=counts * (self.labels == self.answers), minlength=size)
        support = np.bincount(self.labels, weights=counts, minlength=size)
        answered = np.bincount(self.answers, weights=counts, minlength=size)
        return hits, support, answered


def _rates(hits: np.ndarray, support: np.ndarray, answered: np.ndarray) -> dict[str, np.ndarray]:
    """[K] each; x / 0 is 0."""
    return {
        "precision": hits / np.maximum(answered, 1),
        "recall": hits / np.maximum(support, 1),
        "f1": 2 * hits / np.maximum(support + answered, 1),
    }


def _averages(hits: np.ndarray, support: np.ndarray, answered: np.ndarray) -> dict[str, float]:
    seen = support + answered > 0
    macro = {f"macro_{name}": float(column[seen].mean()) for name, column in _rates(hits, support, answered).items()}
    return {"accuracy": float(hits.sum() / support.sum()), **macro}
