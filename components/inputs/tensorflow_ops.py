"""`data.pixels.ops.Ops` by TensorFlow: the same fitting inside Transform's and the served graph."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow import abs, argmax, concat, cumsum, reshape, stack

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

DENSE = 128  # results up to which `gather_sum` multiplies
concatenate = concat
sum, max, min, any = tf.reduce_sum, tf.reduce_max, tf.reduce_min, tf.reduce_any


def shape(x: tf.Tensor) -> list[tf.Tensor]:
    """Return the lengths of the axes as scalars."""
    return tf.unstack(tf.shape(x), num=x.shape.rank)


def arange(stop: Any) -> tf.Tensor:
    """Return 0, 1, ... up to `stop`, exclusive, as float64."""
    return tf.range(to_float(stop), dtype=tf.float64)


def where(condition: tf.Tensor, x: Any, y: Any) -> tf.Tensor:
    """Return `x` where the condition holds, else `y`, as float64."""
    return tf.where(condition, to_float(x), to_float(y))


def maximum(x: Any, y: Any) -> tf.Tensor:
    """Return the larger of each two."""
    return tf.maximum(to_float(x), to_float(y))


def minimum(x: Any, y: Any) -> tf.Tensor:
    """Return the smaller of each two."""
    return tf.minimum(to_float(x), to_float(y))


def floor(x: Any) -> tf.Tensor:
    """Return the largest whole numbers that are not larger."""
    return tf.floor(to_float(x))


def pad(x: tf.Tensor, widths: Any, value: float) -> tf.Tensor:
    """Return `x` with `widths` of `value` before and after each axis."""
    return tf.pad(x, [[to_int(each) for each in pair] for pair in widths], constant_values=tf.cast(value, x.dtype))


def to_float(x: Any) -> tf.Tensor:
    """Return `x` as float64."""
    return tf.constant(x, tf.float64) if isinstance(x, int | float) else tf.cast(x, tf.float64)


def to_int(x: Any) -> tf.Tensor:
    """Return a whole number as int32."""
    return tf.cast(x, tf.int32)


def is_known(condition: Any) -> bool:
    """Return False: what takes a shortcut where a condition is known to hold computes in a graph as where it is not."""
    return False


def to_uint8(x: tf.Tensor) -> tf.Tensor:
    """Return whole numbers from 0 to 255 as uint8; others come out by their place (`findings/cast_by_position.sh`)."""
    return tf.cast(x, tf.uint8)


def find_kth_largest(x: tf.Tensor, k: Any) -> tf.Tensor:
    """Return the k-th largest value, counted from 1."""
    return tf.reduce_min(tf.math.top_k(tf.reshape(x, [-1]), to_int(k), sorted=False).values)


def thin(pixels: tf.Tensor, row_step: tf.Tensor, column_step: tf.Tensor) -> tf.Tensor:
    """Return every `row_step`-th row and every `column_step`-th column of [..., h, w, channels]."""
    return tf.ensure_shape(pixels[..., ::row_step, ::column_step, :], [None] * pixels.shape.rank)


def to_planes(pixels: tf.Tensor) -> tf.Tensor:
    """Return [..., h, w, 1 to 4] uint8 as red, green, blue and opacity: [4, ..., h, w] float64."""
    last = pixels.shape.rank - 1
    planes = tf.transpose(pixels, [last, *range(last)])
    count, *shape = tf.unstack(tf.shape(planes), num=last + 1)
    planes = tf.concat([planes, tf.fill([1, *shape], tf.constant(255, tf.uint8))], 0)
    planes = tf.gather(planes, tf.where(count < 3, [0, 0, 0, 1], [0, 1, 2, 3]))
    return tf.ensure_shape(tf.cast(planes, tf.float64), [4, *[None] * last])


def gather_sum(x: tf.Tensor, places: tf.Tensor, weights: tf.Tensor, axis: int) -> tf.Tensor:
    """Return weighted sums along `axis`, each image's by its own places and weights where these have more axes.

    Few results, as of a glyph, are a product with the matrix of all weights: a quarter of the time of gathering. What
    is gathered are rows, a tenth of the time of columns. Sums are exact (`data.pixels.ops.FRACTION`), so their order
    makes no difference.
    """
    size, places = places.shape[-2], tf.cast(places, tf.int32)
    if places.shape.rank > 2 or (size and size <= DENSE):
        matrix = _build_matrix(places, weights, tf.shape(x)[x.shape.rank + axis])
        return tf.matmul(x, matrix, transpose_b=True) if axis == -1 else tf.matmul(matrix, x)
    if axis == -1:
        return tf.linalg.matrix_transpose(gather_sum(tf.linalg.matrix_transpose(x), places, weights, -2))
    return tf.reduce_sum(tf.gather(x, places, axis=x.shape.rank + axis) * weights[..., tf.newaxis], axis=-2)


def _build_matrix(places: tf.Tensor, weights: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Return weights [..., size, taps] at their places in rows that are otherwise 0: [..., size, length]."""
    *several, taps = tf.unstack(tf.shape(places), num=places.shape.rank)
    flat = tf.reshape(places, [-1, taps])
    count = tf.shape(flat)[0]
    rows = tf.broadcast_to(tf.range(count)[:, tf.newaxis], tf.shape(flat))
    matrix = tf.scatter_nd(tf.stack([rows, flat], 2), tf.reshape(weights, [-1, taps]), [count, length])
    return tf.reshape(matrix, [*several, length])


def call(function: Callable[..., Any], *arrays: Any) -> Any:
    """Return `function(ops, *arrays)`; in a graph, call what is built once for all arrays of these kinds and ranks.

    Other arguments are known to the function, and so are lengths of tensors above 1.
    """
    if tf.executing_eagerly():
        return function(sys.modules[__name__], *arrays)
    specs = tuple(_describe(each) if tf.is_tensor(each) else each for each in arrays)
    return _build(function, specs)(*filter(tf.is_tensor, arrays))


def _describe(x: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([length if length and length > 1 else None for length in x.shape], x.dtype)


@functools.cache
def _build(function: Callable[..., Any], specs: tuple[Any, ...]) -> Any:
    def run(*tensors: tf.Tensor) -> Any:
        given = iter(tensors)
        return function(sys.modules[__name__], *(next(given) if isinstance(x, tf.TensorSpec) else x for x in specs))

    return tf.function(run, autograph=False).get_concrete_function(*(x for x in specs if isinstance(x, tf.TensorSpec)))


def apply_to_bands(function: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor, rows: tf.Tensor, reach: int) -> tf.Tensor:
    """Apply a function to all rows: right in those that are wanted, too."""
    return function(x)
