"""Families of metrics, one module each: pure functions of pairs of texts, without TensorFlow.

TFMA computes them through `tfma_metric`; `tfx-ocr evaluate` calls them directly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from tfx_ocr.components.tasks import get_task
from tfx_ocr.data.own_code import find_source, load_code
from tfx_ocr.data.registry import load_named

if TYPE_CHECKING:
    from tfx_ocr.components.evaluator.metrics.bootstrap import Averages
    from tfx_ocr.components.evaluator.metrics.pairs import Outputs, Pair, Pairs, Record
    from tfx_ocr.components.recipe import Gate

METRICS = {
    "classification": "tfx_ocr.components.evaluator.metrics.classification",
    "classification_calibrated": "tfx_ocr.components.evaluator.metrics.calibrated:CLASSIFICATION",
    "syllables": "tfx_ocr.components.evaluator.metrics.syllables",
    "syllables_calibrated": "tfx_ocr.components.evaluator.metrics.calibrated:SYLLABLES",
    "shapes": "tfx_ocr.components.evaluator.metrics.shapes",
    "text": "tfx_ocr.components.evaluator.metrics.text",
    "text_any_tone_spelling": "tfx_ocr.components.evaluator.metrics.text_any_tone_spelling",
    "fields": "tfx_ocr.components.evaluator.metrics.fields",
}


class Family(Protocol):
    """Module of a family of metrics. Pairs are (reference, answer), or a mapping of them to how often they came."""

    @property
    def NAMES(self) -> tuple[str, ...]:  # noqa: N802 (a constant of the module)
        """Return the metrics of all answers together."""

    @property
    def CLASS_NAMES(self) -> tuple[str, ...]:  # noqa: N802
        """Return the metrics of one class, of which more is better; empty where answers are not classes."""

    @property
    def LOWER_IS_BETTER(self) -> frozenset[str]:  # noqa: N802
        """Return which of `NAMES` are errors."""

    def make_pair(self, record: Record, outputs: Outputs, /) -> Pair:
        """Return what is judged of one example, from its record and the outputs of `serving_default`."""

    def measure(self, pairs: Sequence[Pair], /) -> Averages:
        """Return a function of [tests, pairs] counts of these different pairs to [tests] values of each of `NAMES`.

        What a pair is worth is computed once, for any number of resampled tests: see `bootstrap`.
        """

    def measure_classes(self, pairs: Pairs, /) -> dict[str, dict[str, float]]:
        """Return a value under each of `CLASS_NAMES`, and `support`, for each class; empty without classes."""

    def count_confusions(self, pairs: Pairs, /) -> Mapping[Pair, int]:
        """Return how often which class was answered for which; empty without classes."""


def choose_family(task: str, gate: Gate) -> str:
    """Return the name of the family that a recipe is judged by: its gate's, else its task's."""
    return gate.metrics or get_task(task).metrics


def get_metrics(name: str) -> Family:
    """Import and return the family registered as `name`, or the module of one's own that it names.

    Raises:
        ValueError: unknown name, or the module cannot be imported or is not a family of metrics.
    """
    if name in METRICS or find_source(name) is None:
        return cast(Family, load_named(METRICS, name, "metrics"))
    module = load_code(name)
    if missing := sorted(each for each in vars(Family) if not each.startswith("_") and not hasattr(module, each)):
        raise ValueError(f"module {name!r} is not a family of metrics: it lacks {', '.join(missing)}")
    return cast(Family, module)
