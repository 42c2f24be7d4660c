"""Drift: how far the pictures and answers of a server are from those that its model was trained and judged on.

The Evaluator counts both in bins, the manifest of a version keeps the counts as its profile, and the server holds the
last pictures and answers against it, by the Jensen-Shannon divergence.
"""

from __future__ import annotations

import bisect
import math
import threading
import time
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tfx_ocr.data import images

Profile = Mapping[str, Mapping[str, int]]  # measure to bin to count

# Lower bounds of all bins but the first.
BOUNDS: Mapping[str, Sequence[float]] = {
    "brightness": [step / 20 for step in range(1, 20)],  # mean grey level, 0 black to 1 white
    "size": [round(8 * 2 ** (step / 2)) for step in range(21)],  # longer side in pixels, two bins per octave
    "ink": (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4),  # share of the rarer of dark and light
    "confidence": (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999),
}
LABELS, CHARACTERS = "labels", "characters"  # of answers: classes as they are, texts and syllables by their characters
MEASURES = (*BOUNDS, LABELS, CHARACTERS)
SHIFTED = 0.1  # drift from which on answers should be looked at; see `compute_divergence`
LAST = 1000  # values of a measure that a server keeps
LEAST = 100  # values without which no drift is told
REDUCED_PX = 256  # longer side at which a picture is measured
MOST_TIME = 0.02  # share of the time that a server spends on measuring pictures


def measure_picture(image: bytes) -> dict[str, float]:
    """Return brightness, size and ink of an encoded picture, as `BOUNDS` has them.

    Raises:
        ValueError: the picture cannot be read.
    """
    picture = images.open_picture(image)
    size = max(picture.size)
    picture.thumbnail((REDUCED_PX, REDUCED_PX))
    grey = np.asarray(picture.convert("L"))
    dark = float((grey < (int(grey.min()) + int(grey.max())) / 2).mean())
    return {"brightness": float(grey.mean()) / 255, "size": size, "ink": min(dark, 1 - dark)}


def build_profile(pictures: Iterable[bytes], answers: Iterable[tuple[str, float]], *, whole: bool) -> Profile:
    """Count pictures and answers in bins.

    Args:
        pictures: encoded; those that cannot be read are left out.
        answers: labels with their probabilities.
        whole: whether labels are classes; else they count by their characters.

    Returns:
        A profile, without measures that have no values.
    """
    window = Window({LABELS if whole else CHARACTERS: {}}, most=0)
    for image in pictures:
        window.add_picture(image)
    for label, probability in answers:
        window.add_answer(label, probability)
    return window.count()


def compute_divergence(expected: Mapping[str, int], found: Mapping[str, int]) -> float:
    """Return the Jensen-Shannon divergence of two counts in bits, less what chance alone gives.

    0 where they have the same shares, 1 where they share no bin. A normal distribution that moves by one standard
    deviation gives 0.16, by half of one 0.04.

    Source: Lin, "Divergence measures based on the Shannon entropy", 1991. Two samples of n and m values of one
    distribution over k bins give (k - 1) (1 / n + 1 / m) / (8 ln 2) on average: the divergence to second order, in
    which the chi-squared statistic stands.
    """
    bins = sorted({*expected, *found})
    counts = np.array([[given.get(each, 0) for each in bins] for given in (expected, found)], float)
    totals = counts.sum(axis=1)
    if not totals.all():
        raise ValueError("no values to compare")
    shares = counts / totals[:, None]
    middle = shares.mean(axis=0)
    ratios = np.divide(shares, middle, out=np.ones_like(shares), where=shares > 0)
    divergence = float((shares * np.log2(ratios)).sum() / 2)
    by_chance = (len(bins) - 1) * float((1 / totals).sum()) / (8 * math.log(2))
    return max(0.0, divergence - by_chance)


class Window:
    """The last pictures and answers of a model, against its profile. Threads may share it."""

    def __init__(self, profile: Profile, most: int = LAST):
        """Begin without values.

        Args:
            profile: of the model; empty where its version lacks one.
            most: values of a measure that are kept; 0 for all.
        """
        self._profile, self._whole = profile, LABELS in profile
        self._values: dict[str, deque[str]] = {name: deque(maxlen=most or None) for name in MEASURES}
        self._free_from = 0.0
        self._lock = threading.Lock()

    def add(self, pictures: Sequence[bytes], labels: Sequence[str], probabilities: Sequence[float]) -> None:
        """Take the answers to a request in, and a picture of it now and then: see `MOST_TIME`."""
        if not self._profile:
            return
        for label, probability in zip(labels, probabilities, strict=False):
            self.add_answer(label, probability)
        begin = time.monotonic()
        if pictures and begin >= self._free_from:
            self.add_picture(pictures[0])
            end = time.monotonic()
            self._free_from = end + (end - begin) / MOST_TIME

    def add_picture(self, image: bytes) -> None:
        """Take an encoded picture in, unless it cannot be read."""
        try:
            values = measure_picture(image)
        except ValueError:
            return
        for name, value in values.items():
            self._add(name, [value])

    def add_answer(self, label: str, probability: float) -> None:
        """Take an answer in."""
        self._add("confidence", [probability] if math.isfinite(probability) else [])
        values = [label] if self._whole else unicodedata.normalize("NFD", label)
        with self._lock:
            self._values[LABELS if self._whole else CHARACTERS].extend(values)

    def count(self) -> dict[str, dict[str, int]]:
        """Return the values counted in bins, as a profile."""
        with self._lock:
            return {name: dict(sorted(Counter(values).items())) for name, values in self._values.items() if values}

    def measure(self) -> dict[str, float]:
        """Return the drift of each measure that has `LEAST` values; see `compute_divergence`."""
        return {
            name: compute_divergence(self._profile[name], found)
            for name, found in self.count().items()
            if self._profile.get(name) and sum(found.values()) >= LEAST
        }

    def _add(self, name: str, values: Sequence[float]) -> None:
        with self._lock:
            self._values[name].extend(str(bisect.bisect_right(BOUNDS[name], value)) for value in values)
