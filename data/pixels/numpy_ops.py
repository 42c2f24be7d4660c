"""`Ops` by NumPy."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import (
    abs,
    argmax,
    concatenate,
    cumsum,
    floor,
    maximum,
    minimum,
    reshape,
    shape,
    stack,
    where,
)

__all__ = [
    "abs",
    "any",
    "apply_to_bands",
    "arange",
    "argmax",
    "call",
    "concatenate",
    "cumsum",
    "find_kth_largest",
    "floor",
    "gather_sum",
    "is_known",
    "max",
    "maximum",
    "min",
    "minimum",
    "pad",
    "reshape",
    "shape",
    "stack",
    "sum",
    "thin",
    "to_float",
    "to_int",
    "to_planes",
    "to_uint8",
    "where",
]  # fmt: skip

Axis = int | tuple[int, ...] | None


def sum(x: np.ndarray, axis: Axis = None) -> Any:
    """Return the sum along an axis or several, or of all: of a small image in half the time of `np.sum`."""
    return np.add.reduce(x, axis)


def max(x: np.ndarray, axis: Axis = None) -> Any:
    """Return the largest value along an axis or several, or of all."""
    return np.maximum.reduce(x, axis)


def min(x: np.ndarray, axis: Axis = None) -> Any:
    """Return the smallest value along an axis or several, or of all."""
    return np.minimum.reduce(x, axis)


def any(x: np.ndarray, axis: Axis = None) -> Any:
    """Return whether any value is true along an axis or several, or of all."""
    return np.logical_or.reduce(x, axis)


def arange(stop: Any) -> np.ndarray:
    """Return 0, 1, ... up to `stop`, exclusive, as float64."""
    return np.arange(int(stop), dtype=np.float64)


def to_float(x: Any) -> np.ndarray:
    """Return `x` as float64."""
    return np.asarray(x, np.float64)


def pad(x: np.ndarray, widths: Any, value: float) -> np.ndarray:
    """Return `x` with `widths` of `value` before and after each axis."""
    whole = [(int(before), int(after)) for before, after in widths]
    found = np.full([n + before + after for n, (before, after) in zip(x.shape, whole, strict=True)], value, x.dtype)
    found[tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, whole, strict=True))] = x
    return found


def to_int(x: Any) -> int:
    """Return a whole number as int."""
    return int(x)


def is_known(condition: Any) -> bool:
    """Return whether a condition holds; in a graph, which cannot tell while it is built, False."""
    return bool(condition)


def to_uint8(x: np.ndarray) -> np.ndarray:
    """Return whole numbers from 0 to 255 as uint8."""
    return x.astype(np.uint8)


def find_kth_largest(x: np.ndarray, k: Any) -> np.float64:
    """Return the k-th largest value, counted from 1."""
    flat, wanted = x.ravel(), int(k)
    high = flat[flat >= flat.max() / 2.0]
    found = high if high.size >= wanted else flat  # few are sorted in half the time
    return np.partition(found, found.size - wanted)[found.size - wanted]


def thin(pixels: np.ndarray, row_step: int, column_step: int) -> np.ndarray:
    """Return every `row_step`-th row and every `column_step`-th column of [..., h, w, channels]."""
    return pixels[..., ::row_step, ::column_step, :]


def to_planes(pixels: np.ndarray) -> np.ndarray:
    """Return [..., h, w, 1 to 4] uint8 as red, green, blue and opacity: [4, ..., h, w] float64."""
    count = pixels.shape[-1]
    planes = np.full((4, *pixels.shape[:-1]), 255.0)
    planes[:3] = np.moveaxis(pixels[..., :3] if count > 2 else pixels[..., :1], -1, 0)
    if count in (2, 4):
        planes[3] = pixels[..., -1]
    return planes


def gather_sum(x: np.ndarray, places: np.ndarray, weights: np.ndarray, axis: int) -> np.ndarray:
    """Return weighted sums along `axis`: one tap of all results at a time, so that no larger array is made."""
    index = places.astype(np.intp)
    of_axis = weights if axis == -1 else weights[..., None]
    found: np.ndarray | None = None
    for tap in np.flatnonzero(weights.any(0)):
        part = x.take(index[:, tap], axis)
        part *= of_axis[:, tap]
        if found is None:
            found = part
        else:
            found += part
    return x.take(index[:, 0], axis) * 0.0 if found is None else found


def call(function: Callable[..., Any], *arrays: Any) -> Any:
    """Return `function(ops, *arrays)`; in a graph, where it is called often, it is built once."""
    return function(sys.modules[__name__], *arrays)


def apply_to_bands(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, rows: np.ndarray, reach: int
) -> np.ndarray:
    """Apply a function to the rows around those that are wanted alone.

    Args:
        function: from [rows, width] to as many float64; a row of its result depends on `reach` rows on either side.
        x: [height, width].
        rows: [height] bool, which are wanted.
        reach: of the function.

    Returns:
        [height, width] float64; right in the rows that are wanted, 0 or a number without meaning in others.
    """
    found = np.zeros(x.shape)
    near = np.flatnonzero(rows)
    if near.size:
        for band in np.split(near, np.flatnonzero(np.diff(near) > 2 * reach + 1) + 1):
            begin, end = builtins.max(band[0] - reach, 0), band[-1] + reach + 1
            found[begin:end] = function(x[begin:end])
    return found
