"""From color planes to grey levels on opaque ground."""

from __future__ import annotations

from tfx_ocr.data.pixels.ops import FRACTION, PLANE, Array, Ops, quantize

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
MIDDLE = 127.5  # grey level between dark and light ink


def compose(ops: Ops, planes: Array, channels: int) -> Array:
    """Put an image on the ground that differs from its ink: white, or black where what is opaque is light.

    Args:
        ops: array operations.
        planes: [4, ..., height, width] float64: red, green, blue and opacity, whole numbers from 0 to 255.
        channels: 1 for grey, 3 for color.

    Returns:
        [channels, ..., height, width] float64, multiples of 1 / `FRACTION` from 0 to 255.
    """
    opacity = planes[3]
    light = ops.sum(to_luma(ops, planes) * opacity, PLANE) > MIDDLE * ops.sum(opacity, PLANE)
    ground = ops.where(light & (ops.min(opacity, PLANE) < 255.0), 0.0, 255.0)[..., None, None]
    laid = quantize(ops, ground - opacity * (ground - planes[:3]) / 255.0, FRACTION)
    return laid if channels == 3 else to_luma(ops, laid)[None]


def to_levels(ops: Ops, pixels: Array, channels: int) -> Array:
    """Return the levels of [..., height, width, 1 to 4] uint8 pixels on opaque ground, as `compose` does."""
    if channels == 1 and ops.is_known(ops.shape(pixels)[-1] == 1):  # opaque and grey: as it is
        return ops.to_float(pixels[..., 0])[None]
    return compose(ops, ops.to_planes(pixels), channels)


def to_luma(ops: Ops, planes: Array) -> Array:
    """Return the grey levels [..., height, width] of red, green and blue, multiples of 1 / `FRACTION`."""
    red, green, blue = (planes[number] * share for number, share in enumerate(LUMA))
    return quantize(ops, red + green + blue, FRACTION)
