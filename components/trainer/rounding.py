"""Weights rounded to float16, in half the bytes, and what the rounding changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rounding:
    """What rounding the weights to float16 changes, as an export's `ROUNDING_FILE` holds it.

    Attributes:
        n: examples of eval, its first, that both were asked about.
        changed: how many of them have another best class, or character of any frame.
        largest_distance: of a logit from the one that float32 weights give.
    """

    n: int
    changed: int
    largest_distance: float


def round_weights(model: keras.Model, batches: Iterable[tuple[Any, Any]]) -> Rounding:
    """Round a model's weights to float16 in place, and measure what that changes.

    Args:
        model: trained; its output is logits, classes last.
        batches: what the model takes, and labels that are not read.

    Raises:
        ValueError: a weight is larger than float16 holds, 65,504.
    """
    taken = [inputs for inputs, _ in batches]
    before = [model.predict_on_batch(inputs) for inputs in taken]
    with np.errstate(over="ignore"):  # refused below
        rounded = [_round(weight) for weight in model.get_weights()]
    if not all(np.isfinite(weight).all() for weight in rounded):
        raise ValueError("serving.weights is 'float16', and a weight is larger than it holds: leave it 'float32'")
    model.set_weights(rounded)
    n = changed = 0
    largest = 0.0
    for inputs, old in zip(taken, before, strict=True):
        new = model.predict_on_batch(inputs)
        n += len(new)
        changed += int((new.argmax(-1) != old.argmax(-1)).reshape(len(new), -1).any(1).sum())
        largest = max(largest, float(np.abs(new - old).max()))
    return Rounding(n=n, changed=changed, largest_distance=largest)


def _round(weight: np.ndarray) -> np.ndarray:
    return weight.astype(np.float16).astype(weight.dtype) if weight.dtype.kind == "f" else weight
