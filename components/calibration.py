"""Probabilities that are as often right as they say: the temperature of a network, and how far off they are.

Both are plain NumPy: the Trainer fits, the report judges.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

BEHIND = "\t"  # an answer that is judged by its calibration too: the probability of the best class, to four places
BINS = 15  # of confidence, equally wide: as in the source
RANGE = (0.1, 20.0)  # of a temperature
STEPS = 24  # halvings of the range's logarithm: to one part in a million


@dataclasses.dataclass(frozen=True, kw_only=True)
class Calibration:
    """How an export's probabilities were calibrated, as its `CALIBRATION_FILE` holds it.

    Attributes:
        temperature: what the logits are divided by; 1 changes nothing.
        n: examples of eval that it was fitted on.
        wrong: how many of them the network answers wrongly; where none is, the temperature stays 1.
        before: expected calibration error on them without it.
        after: likewise with it.
    """

    temperature: float
    n: int
    wrong: int
    before: float
    after: float


def calibrate(logits: np.ndarray, labels: np.ndarray, sizes: Sequence[int]) -> Calibration:
    """Fit one temperature to all heads: that of the highest likelihood of the labels.

    An answer's probability is the product of its heads'. One temperature changes neither which answer is the best nor
    the order of the others. Without a wrong answer the likelihood rises with ever larger logits and says nothing.

    Args:
        logits: [n, classes] float, of all heads side by side.
        labels: [n] or [n, heads] int, the number of the class of each head.
        sizes: number of classes of each head.

    Returns:
        The temperature, between the ends of `RANGE`, and the errors before and after.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    heads = np.split(np.asarray(logits, np.float64), np.cumsum(sizes)[:-1], -1)
    chosen = np.asarray(labels).reshape(len(logits), len(heads)).T
    right = np.all([head.argmax(-1) == numbers for head, numbers in zip(heads, chosen, strict=True)], 0)
    wrong = int(np.count_nonzero(~right))
    temperature = _fit_temperature(heads, chosen) if wrong else 1.0
    before, after = (
        measure_error(np.prod([_softmax(head / divisor).max(-1) for head in heads], 0), right)
        for divisor in (1.0, temperature)
    )
    return Calibration(temperature=temperature, n=len(right), wrong=wrong, before=before, after=after)


def measure_error(confidences: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error: how far confidence and accuracy lie apart, a mean over the examples' bins.

    Args:
        confidences: [n] from 0 to 1.
        right: [n] bool.

    Returns:
        A fraction from 0 to 1.

    Source: Naeini, Cooper, Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.

    >>> round(measure_error(np.array([0.9, 0.9, 0.9, 0.9]), np.array([True, True, True, False])), 4)
    0.15
    """
    rows = list_bins(confidences, right)
    return float(sum(n * abs(confidence - accuracy) for _, _, n, confidence, accuracy in rows) / len(right))


def list_bins(confidences: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int, float, float]]:
    """List lower and upper end, number, mean confidence and accuracy of each bin that holds examples."""
    places = np.minimum((np.asarray(confidences) * BINS).astype(int), BINS - 1)
    rows = []
    for place in np.unique(places):
        inside = places == place
        means = float(np.mean(confidences[inside])), float(np.mean(right[inside]))
        rows.append((place / BINS, (place + 1) / BINS, int(inside.sum()), *means))
    return rows


def _fit_temperature(heads: Sequence[np.ndarray], chosen: np.ndarray) -> float:
    """Bisect the slope of the loss, which is convex in the inverse of the temperature."""
    rows = np.arange(len(heads[0]))

    def falls(temperature: float) -> bool:
        """Whether a lower temperature has a lower loss."""
        slopes = (
            (_softmax(head / temperature) * head).sum(-1) - head[rows, numbers]
            for head, numbers in zip(heads, chosen, strict=True)
        )
        return float(sum(slope.mean() for slope in slopes)) < 0

    low, high = np.log(RANGE)
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if falls(np.exp(middle)) else (middle, high)
    return float(np.exp((low + high) / 2))


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    found: np.ndarray = powers / powers.sum(-1, keepdims=True)
    return found
