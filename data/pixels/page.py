"""One page: scaled to a frame of set side, at its top left; ink light."""

from __future__ import annotations

from typing import Any

from tfx_ocr.data.pixels import ops as resampling
from tfx_ocr.data.pixels.compose import MIDDLE, to_levels
from tfx_ocr.data.pixels.ops import Array, Ops


def fit(ops: Ops, pixels: Array, spec: Any) -> Array:
    """Scale a page so that its longer side is that of the frame.

    A page that is light in the mean is turned over, so that its paper is dark as what is outside of it.

    Args:
        ops: array operations.
        pixels: [h, w, 1 to 4] uint8: grey, grey and opacity, RGB, or RGB and opacity.
        spec: with `side`, in pixels.

    Returns:
        [side, side, 1] uint8; 0 right of the page and below it.
    """
    lengths = [ops.to_float(length) for length in ops.shape(pixels)[:2]]
    # what is far larger is thinned out first: see `data.pixels.line`
    step = ops.to_int(ops.maximum(1.0, ops.floor(ops.maximum(*lengths) / (2.0 * spec.side))))
    grey = to_levels(ops, ops.thin(pixels, step, step), 1)[0]
    height, width = (ops.to_float(length) for length in ops.shape(grey))
    grey = ops.where(ops.sum(grey) > MIDDLE * height * width, 255.0 - grey, grey)
    scale = spec.side / ops.maximum(height, width)
    rows, columns = (resampling.interpolate(ops, length, spec.side, scale, 0.0) for length in (height, width))
    fitted = ops.minimum(ops.floor(resampling.resample(ops, grey, rows, columns) + 0.5), 255.0)
    return ops.to_uint8(fitted)[:, :, None]
