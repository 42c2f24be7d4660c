"""A family of metrics as one TFMA metric: pairs are counted once a slice, every value has a plain name."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma

from tfx_ocr.components.evaluator import answers, metrics, records
from tfx_ocr.components.evaluator.metrics import bootstrap
from tfx_ocr.components.evaluator.metrics.pairs import Pair

Counted = collections.Counter[Pair]


class Judged(tfma.metrics.Metric):
    """What a task is judged by, for `tfma.MetricConfig(class_name="Judged", module=__name__, config=...)`.

    TFMA's result holds each of the family's `NAMES` as a number and, where the task has classes, one array a name over
    all of them: `class_name` (text), `class_support` and `class_<name>` for each of `CLASS_NAMES`.
    """

    def __init__(self, family: str, name: str = "judged"):
        """Name the family.

        Args:
            family: name in `METRICS`.
            name: of the metric in the configuration; no value bears it.
        """
        super().__init__(_computations, name=name, family=family)


def _computations(
    name: str,
    family: str,
    model_name: str = "",
    output_name: str = "",
    **_: Any,
) -> list[tfma.metrics.MetricComputation]:
    judged = metrics.get_metrics(family)
    names = [*judged.NAMES, *(f"class_{each}" for each in ("name", "support", *judged.CLASS_NAMES))]
    return [
        tfma.metrics.MetricComputation(
            keys=[tfma.metrics.MetricKey(each, model_name=model_name, output_name=output_name) for each in names],
            preprocessors=[ToPair(family)],
            combiner=Judge(family, model_name, output_name),
        )
    ]


class ToPair(tfma.metrics.Preprocessor):
    """Extracts of one example to the pair that is judged: all that goes on to the counting."""

    def __init__(self, family: str):
        super().__init__(name=f"to_pair_{family}")
        self._family = family

    def process(self, extracts: Mapping[str, Any]) -> Iterator[Pair]:
        """Yield it."""
        raw, outputs = answers.read_extracts(extracts)
        yield metrics.get_metrics(self._family).make_pair(records.parse_record(raw), outputs)


class Judge(beam.CombineFn):
    """Counts pairs; the family's functions turn the count into values at the end."""

    def __init__(self, family: str, model_name: str, output_name: str):
        self._family = family
        self._model_name = model_name
        self._output_name = output_name

    def create_accumulator(self) -> Counted:
        """Return an empty count."""
        return collections.Counter()

    def add_input(self, accumulator: Counted, element: Pair) -> Counted:
        """Count one more example."""
        accumulator[element] += 1
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Counted]) -> Counted:
        """Add up counts."""
        total: Counted = collections.Counter()
        for each in accumulators:
            total.update(each)
        return total

    def extract_output(self, accumulator: Counted) -> dict[tfma.metrics.MetricKey, Any]:
        """Return the values of `Judged`."""
        family = metrics.get_metrics(self._family)
        values: dict[str, Any] = dict(bootstrap.compute_metrics(family, accumulator))
        if classes := family.measure_classes(accumulator):
            values["class_name"] = np.array(list(classes), dtype=object)
            values["class_support"] = np.array([each["support"] for each in classes.values()], dtype=np.int64)
            for name in family.CLASS_NAMES:
                values[f"class_{name}"] = np.array([each[name] for each in classes.values()])
        return {
            tfma.metrics.MetricKey(name, model_name=self._model_name, output_name=self._output_name): value
            for name, value in values.items()
        }
