"""The array operations that fitting needs, and the resampling built from them."""

from __future__ import annotations

from typing import Any, NamedTuple

Array = Any  # numpy.ndarray or tf.Tensor; float64 unless said otherwise
Ops = Any  # a module with the functions of `numpy_ops`


class Taps(NamedTuple):
    """What each output pixel is made of, along one axis.

    Attributes:
        pixels: [..., size, taps] numbers of input pixels; those past either end have weight 0 or repeat the edge.
        weights: [..., size, taps], multiples of 1 / `WEIGHT`.
    """

    pixels: Array
    weights: Array


PLANE = (-2, -1)  # the axes of an image's height and width
FRACTION = 2.0**8  # pixel values are multiples of 1 / FRACTION: with WEIGHT, sums below stay exact in float64
WEIGHT = 2.0**16  # interpolation weights and shares of ink are multiples of 1 / WEIGHT


def quantize(ops: Ops, x: Array, steps: float) -> Array:
    """Round to multiples of `1 / steps`, a power of two, halves up."""
    return ops.floor(x * steps + 0.5) * (1.0 / steps)


def average(ops: Ops, length: Array, size: Array) -> Taps:
    """Average `length` pixels into `size` equal stretches."""
    return Taps(*ops.call(_average, ops.to_float(length), ops.to_float(size)))


def _average(ops: Ops, length: Array, size: Array) -> Taps:
    step = length / size
    begin = ops.arange(size)[:, None] * step
    pixels = _spread_taps(ops, ops.floor(begin), step)
    overlap = ops.minimum(begin + step, pixels + 1.0) - ops.maximum(begin, pixels)
    return Taps(pixels, quantize(ops, ops.maximum(overlap, 0.0) / step, WEIGHT))


def interpolate(ops: Ops, length: Array, size: Any, scale: Array, translation: Array) -> Taps:
    """Interpolate linearly, averaging where `scale` shrinks.

    Output pixel i samples the input at `(i + 0.5 - translation) / scale`, in pixels from the input's edge; what lies
    outside is 0.

    Args:
        ops: array operations.
        length: pixels of the input.
        size: pixels of the output.
        scale: output pixels per input pixel; [...], where there are several images.
        translation: output position of the input's first edge; likewise.

    Source: the triangle kernel of TensorFlow's ScaleAndTranslate, and of Pillow's BILINEAR.
    """
    return Taps(*ops.call(_interpolate, *map(ops.to_float, (length, scale, translation)), size))


def _interpolate(ops: Ops, length: Array, scale: Array, translation: Array, size: int) -> Taps:
    scale, translation = (each[..., None] for each in (scale, translation))
    center = ((ops.arange(size) + 0.5 - translation) / scale)[..., None]
    radius = ops.maximum(1.0 / scale, 1.0)[..., None]
    pixels = _spread_taps(ops, ops.floor(center - radius), 2.0 * ops.max(radius))
    weights = ops.maximum(1.0 - ops.abs(pixels + 0.5 - center) / radius, 0.0)
    weights = quantize(ops, ops.where((pixels >= 0.0) & (pixels < length), weights, 0.0), WEIGHT)
    total = ops.maximum(ops.sum(weights, -1)[..., None], 1.0 / WEIGHT)
    weights = ops.where((center >= 0.0) & (center <= length), weights / total, 0.0)
    return Taps(pixels, quantize(ops, weights, WEIGHT))


def stretch(ops: Ops, length: Array, size: Array) -> Taps:
    """Interpolate linearly between pixel centers, edges repeated."""
    center = ops.minimum(ops.maximum((ops.arange(size) + 0.5) * (length / size) - 0.5, 0.0), length - 1.0)[:, None]
    pixels = _spread_taps(ops, ops.floor(center), 0.0)
    return Taps(pixels, quantize(ops, ops.maximum(1.0 - ops.abs(pixels - center), 0.0), WEIGHT))


def _spread_taps(ops: Ops, first: Array, reach: Any) -> Array:
    """Return the pixels from `first` [..., size, 1] on that lie within `reach`: [..., size, taps]."""
    return first + ops.arange(ops.floor(reach) + 2.0)[None, :]


def resample(ops: Ops, image: Array, rows: Taps, columns: Taps) -> Array:
    """Resample an image [..., h, w] along both axes."""
    return ops.call(_resample, image, *rows, *columns)


def _resample(ops: Ops, image: Array, *taps: Array) -> Array:
    axes = [(-2, *taps[:2]), (-1, *taps[2:])]
    if ops.is_known(ops.shape(taps[0])[-2] > ops.shape(image)[-2]):  # sums are exact: what is larger is made last
        axes.reverse()
    for axis, pixels, weights in axes:
        last = ops.to_float(ops.shape(image)[axis]) - 1.0
        image = ops.gather_sum(image, ops.minimum(ops.maximum(pixels, 0.0), last), weights, axis)
    return image


def spread(ops: Ops, image: Array, height: int, width: int) -> Array:
    """Return the maximum over a window of `height` x `width` (odd) pixels around each pixel, the edge cut off."""
    for axis, size in ((0, height), (1, width)):
        reach = size // 2
        if not reach:
            continue
        widths = [(reach, reach) if axis == each else (0, 0) for each in (0, 1)]
        padded = ops.pad(image, widths, -1e9)
        image, reached = padded, 1
        while reached < size:  # of what has the maximum of so many pixels, two that overlap have it of more
            step = min(reached, size - reached)
            image = (
                ops.maximum(image[:-step], image[step:])
                if axis == 0
                else ops.maximum(image[:, :-step], image[:, step:])
            )
            reached += step
    return image


def sum_around(ops: Ops, image: Array) -> Array:
    """Return the sum of each pixel and its 8 neighbors, the edge's pixels repeated: [..., h, w]."""
    return ops.call(_sum_around, image)


def _sum_around(ops: Ops, image: Array) -> Array:
    padded = ops.concatenate([image[..., :1, :], image, image[..., -1:, :]], -2)
    return add_neighbors(ops, ops.concatenate([padded[..., :1], padded, padded[..., -1:]], -1))


def add_neighbors(ops: Ops, padded: Array) -> Array:
    """Return the sum of each pixel and its 8 neighbors of an image with one pixel of padding all around."""
    rows = padded[..., :-2, :] + padded[..., 1:-1, :] + padded[..., 2:, :]
    return rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]


def sum_runs(ops: Ops, image: Array, length: Array, axis: int) -> Array:
    """Return the sum of every `length` values in a row along axis -2 or -1, past the ends too: `length - 1` more."""
    widths = [(0, 0)] * len(ops.shape(image))
    widths[axis] = (length, length - 1.0)
    sums = ops.cumsum(ops.pad(image, widths, 0.0), axis)
    count = ops.to_int(length)
    end = ops.shape(sums)[axis] - count
    return sums[..., count:, :] - sums[..., :end, :] if axis == -2 else sums[..., count:] - sums[..., :end]
