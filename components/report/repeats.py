"""What trainings on other parts of the data say: how sure the numbers are, and whether labelling more pays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

FIRST = ("accuracy", "cer", "micro_f1")  # metrics that are told where a family has them
PAYS = 0.9  # share of the errors that twice as many records may leave, if labelling more is to pay


def describe_repeats(repeats: Mapping[str, Any], verdict: Mapping[str, Any], records: int) -> list[str]:
    """Return sentences about what `pipeline.repeats` found, by one metric of the family.

    Args:
        repeats: `folds` (`folds`, `n`, `metrics`, `intervals`), `curve` (each `records`, `metrics`), as far as there.
        verdict: what `gate.json` holds of the model that was trained on all of train.
        records: of train.
    """
    metric = next(name for name in (*FIRST, *verdict["metrics"]) if name in verdict["metrics"])
    said = []
    if folds := repeats.get("folds"):
        low, high = folds["intervals"][metric]
        said.append(
            f"{folds['folds']} folds, each of {folds['n']:,} records judged once by a model that never saw it: "
            f"{metric} {folds['metrics'][metric]:.4f} (95 % interval {low:.4f} to {high:.4f})"
        )
    if curve := repeats.get("curve"):
        points = [
            *((each["records"], each["metrics"][metric]) for each in curve),
            (records, verdict["metrics"][metric]),
        ]
        listed = ", ".join(f"{count:,}: {reached:.4f}" for count, reached in points)
        lower = metric in verdict.get("lower_is_better", ())
        errors = [(count, reached if lower else 1.0 - reached) for count, reached in points]
        said.append(f"{metric} by records of train, {listed}: {predict_errors(errors)}")
    return said


def predict_errors(points: Sequence[tuple[int, float]]) -> str:
    """Return whether labelling more pays, by the power law through numbers of records and the errors they leave.

    Source: Hestness et al., "Deep Learning Scaling is Predictable, Empirically", 2017.
    """
    if min(error for _, error in points) <= 0 or len({count for count, _ in points}) < 2:
        return "no errors are left to tell by; label more test records"
    counts, errors = ([math.log2(point[axis]) for point in points] for axis in (0, 1))
    middle, mean = sum(counts) / len(counts), sum(errors) / len(errors)
    spread = sum((count - middle) ** 2 for count in counts)
    slope = sum((count - middle) * (error - mean) for count, error in zip(counts, errors, strict=True)) / spread
    left, (_, last) = 2**slope, points[-1]
    if left <= PAYS:
        return (
            f"twice as many would leave errors of about {last * left:.4f} in place of {last:.4f}: labelling more pays"
        )
    return f"twice as many would leave {left:.0%} of the errors: look at the mistakes before labelling more"
