"""Whether ink is writing: it has edges, and is more than specks and the thin rules and borders of a form."""

from __future__ import annotations

from tfx_ocr.data.pixels import ops as resampling
from tfx_ocr.data.pixels.ops import PLANE, Array, Ops, Taps

STROKE = 0.2  # share of the strongest ink from which on a pixel is of a stroke, a rule or a speck
SHARP = 0.45  # share of the strongest ink that an edge must come to: real writing has 0.6 or more, shading less
CLEAR = 18.0  # grey levels from which on an edge is one whatever the paper's grain
GRAIN = 4.5  # how many times the paper's grain a fainter edge must be: faint print has 5, noise 2 to 4
LONG = 0.85  # share of an image's width from which on ink in a row is a rule, likewise of its height and columns
STEM = 0.5  # share of the height that a rule along is longer than: an upright stroke may fill a narrow image
THIN = 0.15  # share of an image that rules fill at most: more is strokes
SOLID = 0.85  # share from which on the ink is the sheet, and what was taken for paper a border around it


def has_edge(ops: Ops, ink: Array, around: Array, reach: Array) -> Array:
    """Return whether ink has an edge of a stroke: shading comes and goes slowly, noise does not stand out of its grain.

    Args:
        ops: array operations.
        ink: [..., h, w], in grey levels.
        around: the sum of each pixel of it and its 8 neighbors: [..., h, w].
        reach: pixels within which a stroke's edge comes and goes.

    Returns:
        [...] bool.
    """
    lengths = [ops.to_float(length) for length in ops.shape(ink)[-2:]]
    shifts = [Taps(ops.arange(length)[:, None] - reach, ops.arange(length)[:, None] * 0.0 + 1.0) for length in lengths]
    mean = around / 9.0
    edge = ops.max(ops.abs(mean - resampling.resample(ops, mean, *shifts)), PLANE)
    is_sharp = edge >= SHARP * ops.max(mean, PLANE)
    if ops.is_known(ops.min(edge, None) >= CLEAR):
        return is_sharp
    grain = ops.sum(ops.abs(ink - mean), PLANE) / (lengths[0] * lengths[1])
    return is_sharp & (edge >= ops.minimum(GRAIN * grain, CLEAR))


def has_stroke(ops: Ops, is_ink: Array, speck: Array) -> Array:
    """Return whether any ink is not alone in a square of `speck` pixels with paper all around it.

    Args:
        ops: array operations.
        is_ink: [..., h, w] 1.0 or 0.0.
        speck: a whole number, in float64.

    Returns:
        [...] bool.
    """
    if ops.is_known(True) and ops.is_known(ops.min(_has_run(ops, is_ink > 0.0, int(speck) + 1), None)):
        return ops.any(is_ink > 0.0, PLANE)  # no such square holds a whole run: nine lines of ten end here
    squares = ops.call(_sum_windows, is_ink, speck)
    framed = ops.call(_sum_windows, is_ink, speck + 2.0)[..., 1:-1, 1:-1]
    alone = ops.call(_sum_windows, ops.to_float(framed == squares), speck)
    begin, (height, width) = ops.to_int(speck) - 1, ops.shape(is_ink)[-2:]
    alone = alone[..., begin : begin + height, begin : begin + width]
    return ops.any((is_ink > 0.0) & (alone == 0.0), PLANE)


def remove_borders(ops: Ops, is_ink: Array) -> Array:
    """Remove thin rules from edge to edge of an image, upright ones where there are rules along, and a framed sheet.

    Args:
        ops: array operations.
        is_ink: [..., h, w] 1.0 or 0.0.

    Returns:
        The rest, alike.
    """
    # a rule that is not quite straight is in one row of this; it is two pixels longer than it was at most
    near = ops.to_float(resampling.sum_around(ops, is_ink) > 0.0)
    height, width = (ops.to_float(length) for length in ops.shape(is_ink)[-2:])
    along = ops.to_float(ops.sum(near, -1) - 2.0 >= ops.maximum(LONG * width, STEM * height))[..., :, None]
    if ops.is_known(ops.max(along, None) == 0.0):
        return is_ink
    upright = (
        ops.to_float(ops.sum(near, -2) - 2.0 >= LONG * height)[..., None, :] * ops.max(along, PLANE)[..., None, None]
    )
    rules = 0.0 * is_ink
    for each in (along, upright):
        filled = ops.sum(is_ink * each, PLANE) / (height * width)
        rules = ops.maximum(rules, each * ops.to_float((filled <= THIN) | (filled >= SOLID))[..., None, None])
    return ops.where(resampling.sum_around(ops, rules) > 0.0, 0.0, is_ink)


def _has_run(ops: Ops, is_ink: Array, length: int) -> Array:
    """Return whether `length` pixels of ink lie side by side in any row: [..., h, w] bool to [...]."""
    reached = 1
    while reached < length:  # where so many lie side by side, and again a step further, more do
        step = min(reached, length - reached)
        is_ink = is_ink[..., :-step] & is_ink[..., step:]
        reached += step
    return ops.any(is_ink, PLANE)


def _sum_windows(ops: Ops, image: Array, size: Array) -> Array:
    """Return the sum of every square of `size` pixels, past the edges too: [..., h + size - 1, w + size - 1]."""
    for axis in (-2, -1):
        image = resampling.sum_runs(ops, image, size, axis)
    return image
