"""Metrics of counted pairs by any family, and how sure they are: bootstrap intervals, of one model and against another.

Source: Efron, "Bootstrap methods: another look at the jackknife", 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tfx_ocr.components.evaluator.metrics import Family
from tfx_ocr.components.evaluator.metrics.pairs import Pairs, count_pairs

Averages = Callable[[np.ndarray], Mapping[str, np.ndarray]]  # [tests, pairs] counts to [tests] of each metric
Interval = tuple[float, float]

SEED = 7
RESAMPLES = 1000
EDGES = (0.025, 0.975)
AT_ONCE = 1_000_000  # counts held at a time


def compute_metrics(family: Family, pairs: Pairs) -> dict[str, float]:
    """Return the metrics of all answers together.

    Args:
        family: module of `components.evaluator.metrics`.
        pairs: references and answers, or a mapping of such pairs to how often they came.

    Returns:
        A value under each of the family's `NAMES`.

    Raises:
        ValueError: `pairs` is empty.
    """
    came, counts = count_pairs(pairs)
    found = family.measure(came)(counts[np.newaxis])
    return {name: float(found[name][0]) for name in family.NAMES}


def compute_intervals(
    family: Family, pairs: Pairs, resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals of `compute_metrics`: percentiles, shifted so that their mean is the metric.

    A resample draws as many pairs as there are, with replacement: a multinomial over the counts. Resampled F1 of
    classes with a handful of examples lies below what it resamples (0.943 for 0.947 with 9 examples a class): without
    the move the metric would lie outside its own interval.

    Args:
        family: as for `compute_metrics`.
        pairs: as for `compute_metrics`.
        resamples: how many tests are drawn.
        seed: of the drawing; the same pairs in any order give the same intervals.

    Returns:
        (low, high) under each of the family's `NAMES`, not below 0 and, where more is better, not above 1.

    Raises:
        ValueError: `pairs` is empty.
    """
    came, counts = count_pairs(pairs)
    measure = family.measure(came)
    of_all, drawn = measure(counts[np.newaxis]), _resampled(measure, counts, resamples, seed)
    found = {}
    for name in family.NAMES:
        moved = np.quantile(drawn[name], EDGES) + of_all[name][0] - drawn[name].mean()
        low, high = np.clip(moved, 0, np.inf if name in family.LOWER_IS_BETTER else 1)
        found[name] = (float(low), float(high))
    return found


def compute_differences(
    family: Family, triples: Mapping[tuple[str, str, str], int], resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals of how much worse one model is than another on the same records.

    Both are held against the same resample of the records, so what both find hard counts for neither. The percentiles
    are plain: what resampling takes from a macro average it takes from both. Four records lost and none won are enough
    to exclude 0, three are not.

    Args:
        family: as for `compute_metrics`.
        triples: (reference, the one's answer, the other's answer) of the records to how often they came.
        resamples: how many tests are drawn.
        seed: of the drawing.

    Returns:
        (low, high) under each of the family's `NAMES`: above 0 the one is worse, in the metric's own direction.

    Raises:
        ValueError: `triples` is empty.
    """
    came, counts = count_pairs(triples)
    one = family.measure([(reference, answer) for reference, answer, _ in came])
    other = family.measure([(reference, answer) for reference, _, answer in came])

    def worse(tests: np.ndarray) -> dict[str, np.ndarray]:
        ours, theirs = one(tests), other(tests)
        sign = {name: 1 if name in family.LOWER_IS_BETTER else -1 for name in family.NAMES}
        return {name: sign[name] * (ours[name] - theirs[name]) for name in family.NAMES}

    drawn = _resampled(worse, counts, resamples, seed)
    quantiles = {name: np.quantile(drawn[name], EDGES) for name in family.NAMES}
    return {name: (float(low) + 0.0, float(high) + 0.0) for name, (low, high) in quantiles.items()}  # no -0.0


def _resampled(measure: Averages, counts: np.ndarray, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """[resamples] of each metric."""
    found = [measure(tests) for tests in _tests(counts, resamples, seed)]
    return {name: np.concatenate([each[name] for each in found]) for name in found[0]}


def _tests(counts: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Resamples of [pairs] counts, [tests, pairs] int, some at a time."""
    generator = np.random.default_rng(seed)
    total = int(counts.sum())
    at_once = max(1, AT_ONCE // len(counts))
    for begin in range(0, resamples, at_once):
        yield generator.multinomial(total, counts / total, size=min(at_once, resamples - begin))
