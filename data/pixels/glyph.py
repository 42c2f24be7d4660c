"""One glyph: its ink found, cut out and scaled to the size a network takes."""

from __future__ import annotations

from typing import Any

from tfx_ocr.data.pixels import ops as resampling
from tfx_ocr.data.pixels.compose import to_levels, to_luma
from tfx_ocr.data.pixels.ops import FRACTION, PLANE, WEIGHT, Array, Ops, quantize
from tfx_ocr.data.pixels.writing import STROKE, has_edge, has_stroke, remove_borders

LARGEST_PX = 1024  # a longer side is thinned out to this: a photograph of 50 megapixels costs no more than a scan
COARSE_PX = 128.0  # longer side at which the ink is looked for: dust of a large scan is less than a pixel there
SUPPORT = 0.25  # mean of a pixel and its 8 neighbors as a share of the pixel itself, below which it is a speck
INK = 0.35  # share of the darkest ink from which on a pixel counts as ink when its box is found
PAPER = 0.1  # share of the darkest ink up to which a pixel is paper: noise and shading go, soft edges stay
SPECK_PX = 3.0  # side of a speck in the image as it is looked at, before it is made coarse
SPECK = 0.125  # of the longer side, at most: in an image of 8 pixels a stroke is one wide
STROKES = 16.0  # coarse pixels of the longer side for one that a stroke's edge comes and goes within
FAINTEST = 32.0  # grey levels between ink and paper; less is taken for a blank sheet and not stretched further


def fit(ops: Ops, pixels: Array, spec: Any) -> Array:
    """Fit the ink of one image, or of each of several of one size, to `spec.height` x `spec.width`.

    The paper's level is that of the border; ink is what differs from it. Contrast is stretched so that paper is 0 and
    the strongest ink 255. Size, margin and polarity of the image make no difference; a blank image gives paper.

    Args:
        ops: array operations.
        pixels: [..., h, w, 1 to 4] uint8: grey, grey and opacity, RGB, or RGB and opacity.
        spec: with `height`, `width`, `channels`, `crop_to_ink`, `margin` and `ink_is_light`.

    Returns:
        [..., height, width, channels] uint8; paper is 0 and ink light when `spec.ink_is_light`, else as in the image.
    """
    height, width = ops.shape(pixels)[-3:-1]
    step = ops.to_int(ops.maximum(1.0, ops.floor(ops.to_float(ops.maximum(height, width)) / LARGEST_PX)))
    image = to_levels(ops, ops.thin(pixels, step, step), spec.channels)
    grey = image[0] if spec.channels == 1 else to_luma(ops, image)
    size = [ops.to_float(side) for side in ops.shape(grey)[-2:]]

    zoom = ops.minimum(1.0, COARSE_PX / ops.maximum(*size))
    coarse_size = [ops.maximum(ops.floor(side * zoom + 0.5), 1.0) for side in size]
    if ops.is_known(zoom == 1.0):  # small already: averages of one pixel each
        coarse = grey
    else:
        rows, columns = (resampling.average(ops, *lengths) for lengths in zip(size, coarse_size, strict=True))
        coarse = quantize(ops, resampling.resample(ops, grey, rows, columns), FRACTION)
    paper, sign = (of_image[..., None, None] for of_image in _find_paper(ops, coarse))
    ink = ops.maximum((coarse - paper) * sign, 0.0)
    around = resampling.sum_around(ops, ink)
    supported = ops.where(find_supported(ink, around), ink, 0.0)
    strongest = ops.maximum(ops.max(supported, PLANE), FAINTEST)[..., None, None]
    reach = ops.maximum(ops.floor(ops.maximum(*coarse_size) / STROKES + 0.5), 2.0)
    rest = remove_borders(ops, ops.to_float(supported >= STROKE * strongest))
    speck = ops.floor(ops.minimum(ops.maximum(SPECK_PX * zoom + 1.5, 2.0), SPECK * ops.maximum(*coarse_size)))
    speck = ops.maximum(speck, 1.0)
    is_written = has_stroke(ops, rest, speck) & has_edge(ops, ink, around, reach)

    target = (float(spec.height), float(spec.width))
    if spec.crop_to_ink:
        is_ink = supported >= INK * strongest
        extents = [
            [place * whole / small for place in ops.call(find_extent, ops.any(is_ink, axis))]
            for axis, whole, small in zip((-1, -2), size, coarse_size, strict=True)
        ]
        room = [side / (1.0 + 2.0 * spec.margin) for side in target]
    else:
        extents, room = [[ops.to_float(0.0), side] for side in size], list(target)
    scale = ops.minimum(*(side / (last - first) for side, (first, last) in zip(room, extents, strict=True)))
    rows, columns = (
        resampling.interpolate(ops, length, int(side), scale, (side - scale * (first + last)) / 2.0)
        for length, side, (first, last) in zip(size, target, extents, strict=True)
    )
    # the middle of the ink to the middle of the result
    fitted = resampling.resample(ops, (image - paper) * sign, rows, columns)
    fitted = ops.minimum(ops.maximum((fitted / strongest - PAPER) / (1.0 - PAPER), 0.0), 1.0)
    fitted = ops.where(is_written[..., None, None], fitted, 0.0)
    if not spec.ink_is_light:
        fitted = ops.where(sign < 0, 1.0 - fitted, fitted)
    levels = ops.to_uint8(ops.floor(quantize(ops, fitted, WEIGHT) * 255.0 + 0.5))
    return ops.stack([levels[channel] for channel in range(spec.channels)], -1)


def find_supported(ink: Array, around: Array) -> Array:
    """Find the pixels that are not alone, by the sums of ink `around` them: [..., h, w] float64 to [..., h, w] bool."""
    return around >= 9.0 * SUPPORT * ink


def find_extent(ops: Ops, is_ink: Array) -> tuple[Array, Array]:
    """Return the first (inclusive) and last (exclusive) place of [..., length] that holds ink, in float64.

    Where no place holds ink, that is all of them.
    """
    held = ops.to_float(is_ink | ~ops.any(is_ink, -1)[..., None])
    length = ops.to_float(ops.shape(held)[-1])
    return ops.to_float(ops.argmax(held, -1)), length - ops.to_float(ops.argmax(held[..., ::-1], -1))


def _find_paper(ops: Ops, grey: Array) -> tuple[Array, Array]:
    """Return the paper's grey level, and 1.0 where ink is lighter than it or -1.0 where darker.

    The border is paper for the most part, its corners above all (a tight crop of a `1` has ink down both sides).
    """
    lightest, darkest = ops.max(grey, PLANE), ops.min(grey, PLANE)
    middle = (lightest + darkest) / 2.0
    border = ops.concatenate([grey[..., 0, :], grey[..., -1, :], grey[..., 0], grey[..., -1]], -1)
    corners = ops.stack([grey[..., 0, 0], grey[..., 0, -1], grey[..., -1, 0], grey[..., -1, -1]], -1)
    length = ops.to_float(ops.shape(border)[-1])
    is_light = ops.sum(border, -1) / length + ops.sum(corners, -1) / 4.0 > lightest + darkest
    sign = ops.where(is_light, -1.0, 1.0)
    of_paper = ops.to_float((border - middle[..., None]) * sign[..., None] <= 0.0)
    paper = ops.sum(border * of_paper, -1) / ops.maximum(ops.sum(of_paper, -1), 1.0)
    return quantize(ops, paper, FRACTION), sign
