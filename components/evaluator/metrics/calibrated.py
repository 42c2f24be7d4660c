"""What classes or syllables are judged by, and the calibration error of their probabilities besides."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tfx_ocr.components.calibration import BEHIND, BINS
from tfx_ocr.components.evaluator.metrics import Family, classification, syllables
from tfx_ocr.components.evaluator.metrics.bootstrap import Averages
from tfx_ocr.components.evaluator.metrics.pairs import Outputs, Pair, Pairs, Record
from tfx_ocr.data import features

ERROR = "calibration_error"


@dataclasses.dataclass(frozen=True)
class Calibrated:
    """A family of metrics with `calibration_error`, of which less is better: see `calibration.measure_error`."""

    _base: Family

    @property
    def NAMES(self) -> tuple[str, ...]:  # noqa: N802 (as of a module)
        """Return the base's metrics and `calibration_error`."""
        return (*self._base.NAMES, ERROR)

    @property
    def CLASS_NAMES(self) -> tuple[str, ...]:  # noqa: N802
        """Return the base's."""
        return self._base.CLASS_NAMES

    @property
    def LOWER_IS_BETTER(self) -> frozenset[str]:  # noqa: N802
        """Return the base's and `calibration_error`."""
        return self._base.LOWER_IS_BETTER | {ERROR}

    def make_pair(self, record: Record, outputs: Outputs) -> Pair:
        """Return the base's pair, with the probability behind the answer."""
        reference, answer = self._base.make_pair(record, outputs)
        return reference, f"{answer}{BEHIND}{float(outputs[features.PROBABILITY_OUT].reshape(-1)[0]):.4f}"

    def measure(self, pairs: Sequence[Pair]) -> Averages:
        """Prepare the base's metrics and the expected calibration error, a fraction, for any count of the pairs."""
        plain = [_strip(pair) for pair in pairs]
        of_base = self._base.measure(plain)
        confidences = np.array([float(answer.rpartition(BEHIND)[2]) for _, answer in pairs])
        right = np.array([label == best for pair in plain for label, best in self._base.count_confusions([pair])])
        bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
        excess = np.eye(BINS)[bins] * (confidences - right)[:, np.newaxis]

        def averages(counts: np.ndarray) -> dict[str, np.ndarray]:
            return {**of_base(counts), ERROR: np.abs(counts @ excess).sum(1) / counts.sum(1)}

        return averages

    def measure_classes(self, pairs: Pairs) -> dict[str, dict[str, float]]:
        """Return the base's."""
        return self._base.measure_classes(_strip_all(pairs))

    def count_confusions(self, pairs: Pairs) -> Mapping[Pair, int]:
        """Return the base's."""
        return self._base.count_confusions(_strip_all(pairs))


def _strip(pair: Pair) -> Pair:
    reference, answer = pair
    return reference, answer.rpartition(BEHIND)[0]


def _strip_all(pairs: Pairs) -> collections.Counter[Pair]:
    found: collections.Counter[Pair] = collections.Counter()
    for pair, count in collections.Counter(pairs).items():
        found[_strip(pair)] += count
    return found


CLASSIFICATION, SYLLABLES = Calibrated(classification), Calibrated(syllables)
