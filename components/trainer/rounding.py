"""Weights rounded to what an export stores, in half or a quarter of the bytes, and what the rounding changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

STEPS = 127  # of int8 on either side of zero
MANTISSA = np.float32(2**8 + 1)  # Veltkamp's factor: splits off the lower 8 of 24 bits


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rounding:
    """What rounding the weights changes, as an export's `ROUNDING_FILE` holds it.

    Attributes:
        n: examples of eval, its first, that both were asked about.
        changed: how many of them have another best class, or character of any frame.
        largest_distance: of a logit from the one that float32 weights give.
        weights: what they were rounded to, a key of `ROUNDED`.
    """

    n: int
    changed: int
    largest_distance: float
    weights: str = "float16"


def round_weights(model: keras.Model, batches: Iterable[tuple[Any, Any]], kind: str = "float16") -> Rounding:
    """Round a model's weights in place, and measure what that changes.

    Args:
        model: trained; its output is logits, classes last.
        batches: what the model takes, and labels that are not read.
        kind: what they are rounded to, a key of `ROUNDED`.

    Raises:
        ValueError: a weight is not finite, or larger than float16 holds, 65,504.
    """
    taken = [inputs for inputs, _ in batches]
    before = [model.predict_on_batch(inputs) for inputs in taken]
    rounded = [ROUNDED[kind](weight) if weight.dtype.kind == "f" else weight for weight in model.get_weights()]
    if not all(np.isfinite(weight).all() for weight in rounded):
        raise ValueError(f"serving.weights is {kind!r}, and a weight is larger than it holds: leave it 'float32'")
    model.set_weights(rounded)
    n = changed = 0
    largest = 0.0
    for inputs, old in zip(taken, before, strict=True):
        new = model.predict_on_batch(inputs)
        n += len(new)
        changed += int((new.argmax(-1) != old.argmax(-1)).reshape(len(new), -1).any(1).sum())
        largest = max(largest, float(np.abs(new - old).max()))
    return Rounding(n=n, changed=changed, largest_distance=largest, weights=kind)


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantize an array of two dimensions or more to int8, symmetrically, with a scale for each output channel.

    Output channels are the last dimension; of a depthwise kernel [height, width, channels, 1] the one before.

    Args:
        weight: [..., channels] or [..., channels, 1] float32.

    Returns:
        The steps, [...] int8 from -127 to 127, and the scales, [channels] or [channels, 1] float32. A scale has 16
        significant bits, so that `steps * scales` is exact, and quantizing this again gives the same steps and scales.

    Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", 2018; Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference", 2018 (a scale
    for each channel).
    """
    channels = 1 if weight.shape[-1] > 1 else 2
    largest = np.abs(weight).max(tuple(range(weight.ndim - channels)), initial=0.0)
    scales = (largest / np.float32(STEPS)).astype(np.float32)
    high = scales * MANTISSA
    scales = high - (high - scales)
    scales = np.where(scales > 0, scales, np.float32(1))
    return np.rint(weight / scales).clip(-STEPS, STEPS).astype(np.int8), scales


def _round_to_float16(weight: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # refused by the caller
        return weight.astype(np.float16).astype(weight.dtype)


def _round_to_int8(weight: np.ndarray) -> np.ndarray:
    if weight.ndim < 2 or not np.isfinite(weight).all():  # biases and norms; the caller refuses the others
        return weight
    return np.multiply(*quantize(weight))


# By `serving.weights`: a float array to its nearest that is stored exactly.
ROUNDED: dict[str, Callable[[np.ndarray], np.ndarray]] = {"float16": _round_to_float16, "int8": _round_to_int8}
