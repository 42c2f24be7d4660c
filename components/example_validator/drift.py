"""Drift and skew: how far a run's data is from the data of the version that is served, by TFDV's comparators."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from tfx_ocr.components.recipe import Drift

Statistics = Mapping[str, statistics_pb2.DatasetFeatureStatisticsList]  # by split
TRAIN = "train"
L_INFINITY, JENSEN_SHANNON = "L-infinity", "Jensen-Shannon"
_MEASURES = {
    anomalies_pb2.DriftSkewInfo.Measurement.L_INFTY: L_INFINITY,
    anomalies_pb2.DriftSkewInfo.Measurement.JENSEN_SHANNON_DIVERGENCE: JENSEN_SHANNON,
}
_MOST = re.compile(r"The feature value with maximum difference is: (.*)", re.DOTALL)
_AGAINST = {"drift": "current and previous", "skew": "training and serving"}  # in TFDV's sentences


@dataclasses.dataclass(frozen=True, kw_only=True)
class Distance:
    """How far a feature is from itself in the data of the served version.

    Attributes:
        kind: `drift`, from the same split; or `skew`, of train from the split that the served version was judged on.
        split: of this run.
        feature: name.
        measure: `L_INFINITY`, the largest difference of any value's share; of numbers `JENSEN_SHANNON`, a divergence.
        value: 0 for equal data, 1 for the farthest.
        at_most: the recipe's limit.
        most: the value whose share differs most, where the limit is passed.
        n: records of the split.
        of: records that they are compared with.
        is_judged: whether there are enough of both.
    """

    kind: str
    split: str
    feature: str
    measure: str
    value: float
    at_most: float
    most: str
    n: int
    of: int
    is_judged: bool

    @property
    def is_too_far(self) -> bool:
        """Whether the limit is passed and there are enough records to say so."""
        return self.is_judged and self.value > self.at_most

    def format(self) -> str:
        """Return what was found, in a clause."""
        what = f", most for {self.most!r}" if self.most else ""
        return f"{self.kind} of {self.feature} in {self.split} is {self.value:.2g}, at most {self.at_most:g}{what}"


def measure_distances(
    statistics: Statistics, served: Statistics, judged: str, schema: schema_pb2.Schema, rule: Drift
) -> list[Distance]:
    """Measure how far each feature of `rule` is, in the order of splits; features that the schema lacks are left out.

    Numbers are compared by histograms of ten equal shares: by TFDV's own, of equal widths, one number far off is
    another distribution (`findings/drift_of_an_outlier.sh`).

    Args:
        statistics: of this run.
        served: of the run that pushed the served version.
        judged: the split that the served version was judged on; train is compared with it too.
        schema: of the records.
        rule: features and limits.
    """
    schema = copy.deepcopy(schema)
    for feature in schema.feature:
        if feature.name in rule.at_most:
            is_text = feature.type == schema_pb2.BYTES
            for comparator in (feature.drift_comparator, feature.skew_comparator):
                norm = comparator.infinity_norm if is_text else comparator.jensen_shannon_divergence
                norm.threshold = rule.at_most[feature.name]
                if not is_text:
                    norm.source.type = schema_pb2.HistogramSelection.QUANTILES
    found = []
    for split, here in statistics.items():
        there = {"drift": served.get(split), "skew": served.get(judged) if split == TRAIN else None}
        anomalies = tfdv.validate_statistics(
            here, schema, previous_statistics=there["drift"], serving_statistics=there["skew"]
        )
        for info in anomalies.drift_skew_info:
            [name] = info.path.step
            reasons = anomalies.anomaly_info[name].reason if name in anomalies.anomaly_info else []
            for kind, measured in (("drift", info.drift_measurements), ("skew", info.skew_measurements)):
                n, of = _count(here), _count(there[kind])
                found += [
                    Distance(
                        kind=kind, split=split, feature=name, measure=_MEASURES[each.type], value=each.value,
                        at_most=each.threshold, most=_find_most(kind, reasons), n=n, of=of,
                        is_judged=min(n, of) >= rule.min_examples,
                    )
                    for each in measured
                ]  # fmt: skip
    return found


def _count(statistics: statistics_pb2.DatasetFeatureStatisticsList | None) -> int:
    return int(statistics.datasets[0].num_examples) if statistics else 0


def _find_most(kind: str, reasons: Any) -> str:
    """Return the value that TFDV's sentence names."""
    for reason in reasons:
        if _AGAINST[kind] in reason.short_description and (match := _MOST.search(reason.description)):
            return match[1]
    return ""
