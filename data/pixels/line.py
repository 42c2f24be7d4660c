"""One line of writing: its ink found, cut out and scaled to a strip of set height, text at its left, then paper."""

from __future__ import annotations

from typing import Any

from tfx_ocr.data.pixels import ops as resampling
from tfx_ocr.data.pixels.compose import to_levels
from tfx_ocr.data.pixels.glyph import FAINTEST, find_extent, find_supported
from tfx_ocr.data.pixels.ops import FRACTION, WEIGHT, Array, Ops, quantize
from tfx_ocr.data.pixels.writing import STROKE, has_edge, has_stroke

TALLEST_PX = 96.0  # height from which on a line is made smaller before anything is looked for in it
WIDEST = 40.0  # heights: what is wider is squeezed
PATCH_PX = 12  # side of the patches whose lightest grey is taken for the paper there
DARKEST = 0.002  # share of the image that is at least as dark as what is called its strongest ink
PAPER = 0.15  # share of the strongest ink up to which a pixel is paper: noise and the paper's grain go
INK = 0.4  # share of the strongest ink from which on a pixel counts as ink when its box is found
RULE = 1.5  # heights that an unbroken row of ink must be long to be a rule of the form, not writing
UNBROKEN = 0.95  # share of it that must be ink: a scan has gaps
UPRIGHT = 0.75  # share of a column of a form from which on it is a rule
RULE_PX = 7  # rows over which a stroke is taken to go on through a rule
SPECK = 1.0 / 20.0  # of the height of the image: side of a speck; a full stop has more
REACH = 1.0 / 16.0  # of the height: what a stroke's edge comes and goes within
IN_A_ROW = 0.03  # ink that a row or column of the text must have, in heights of the image: specks do not
SQUEEZED = 0.7  # of its natural width: how far a line too long for the strip is squeezed before it is made smaller


def fit(ops: Ops, pixels: Array, spec: Any) -> Array:
    """Fit the line of ink in one image to a strip of `spec.height` x `spec.width`.

    The paper is what is lightest around, patch by patch, so that a photograph's shading is not ink; an image with
    light ink is turned over first, and a form's rules are taken out. Contrast is stretched so that paper is 0 and
    strong ink 255. The ink's box, with `spec.margin` of its height above and below, is scaled to the strip's height
    and put at its left. One that would be too long is squeezed to `SQUEEZED` of its width, and beyond that made
    smaller.

    Args:
        ops: array operations.
        pixels: [h, w, 1 to 4] uint8: grey, grey and opacity, RGB, or RGB and opacity.
        spec: with `height`, `width` and `margin`.

    Returns:
        [height, width, 1] uint8; paper is 0 and ink light.
    """
    size = [ops.to_float(side) for side in ops.shape(pixels)[:2]]
    # what is far larger than is looked at is thinned out first: a scan of 50 megapixels costs no more than a line
    row_step, column_step = (
        ops.to_int(ops.maximum(1.0, ops.floor(side / most)))
        for side, most in zip(size, (2 * TALLEST_PX, 2 * WIDEST * TALLEST_PX), strict=True)
    )
    grey = to_levels(ops, ops.thin(pixels, row_step, column_step), 1)[0]
    height = ops.minimum(size[0], TALLEST_PX)
    width = ops.minimum(ops.maximum(ops.floor(size[1] * height / size[0] + 0.5), 1.0), WIDEST * TALLEST_PX)
    lengths = [ops.to_float(length) for length in ops.shape(grey)]
    if not ops.is_known((lengths[0] == height) & (lengths[1] == width)):
        rows, columns = (resampling.average(ops, *sides) for sides in zip(lengths, (height, width), strict=True))
        grey = quantize(ops, resampling.resample(ops, grey, rows, columns), FRACTION)

    dark, light = (ops.maximum(_find_lightest(ops, image) - image, 0.0) for image in (grey, 255.0 - grey))
    # writing is thin: most of what is around it is paper
    ink = ops.where(ops.sum(dark) <= ops.sum(light), dark, light)
    reach = ops.maximum(ops.floor(REACH * height), 2.0)
    is_written = has_edge(ops, ink, resampling.sum_around(ops, ink), reach)
    strongest = _find_strongest(ops, ink)
    ink, whole = _remove_rules(ops, ink, strongest, height), ink
    if ink is not whole:  # what has no edges but those of rules is not written either
        is_written &= has_edge(ops, ink, resampling.sum_around(ops, ink), reach)
        strongest = _find_strongest(ops, ink)
    ink = ops.minimum(ops.maximum((ink / strongest - PAPER) / (1.0 - PAPER), 0.0), 1.0)
    ink = quantize(ops, ink, WEIGHT)

    supported = find_supported(ink, resampling.sum_around(ops, ink))
    speck = ops.maximum(ops.floor(SPECK * height), 1.0)
    is_written &= has_stroke(ops, ops.to_float((ink >= STROKE) & supported), speck) | (speck < 2.0)
    is_ink = ops.to_float((ink >= INK) & supported)
    least = ops.maximum(IN_A_ROW * height, 1.0)
    top, bottom = find_extent(ops, ops.sum(is_ink, 1) >= least)
    left, right = find_extent(ops, ops.sum(is_ink[ops.to_int(top) : ops.to_int(bottom)], 0) >= least)
    zoom = spec.height / ((bottom - top) * (1.0 + 2.0 * spec.margin))
    border = spec.margin * spec.height  # of paper before the text, in pixels of the strip
    room = spec.width - 2.0 * border
    zoom = ops.minimum(zoom, room / (SQUEEZED * (right - left)))
    zoom_x = ops.minimum(zoom, room / (right - left))
    rows = resampling.interpolate(ops, height, spec.height, zoom, (spec.height - zoom * (top + bottom)) / 2.0)
    columns = resampling.interpolate(ops, width, spec.width, zoom_x, border - zoom_x * left)
    fitted = ops.minimum(ops.floor(resampling.resample(ops, ink, rows, columns) * 255.0 + 0.5), 255.0)
    fitted = ops.where(is_written, fitted, 0.0)
    return ops.to_uint8(fitted)[:, :, None]


def _find_lightest(ops: Ops, grey: Array) -> Array:
    """Return the paper's grey at each pixel: the lightest of each patch and its neighbors, smooth between. [h, w]."""
    lengths = ops.shape(grey)
    counts = [ops.floor((ops.to_float(length) + PATCH_PX - 1.0) / PATCH_PX) for length in lengths]
    missing = [count * PATCH_PX - ops.to_float(length) for count, length in zip(counts, lengths, strict=True)]
    widths = [(ops.floor(each / 2.0), each - ops.floor(each / 2.0)) for each in missing]
    padded = ops.pad(grey, widths, -1e9)
    rows, columns = (ops.to_int(count) for count in counts)
    patches = ops.max(ops.max(ops.reshape(padded, (rows, PATCH_PX, columns, PATCH_PX)), 1), 2)
    patches = resampling.spread(ops, patches, 3, 3)
    ones = ops.pad(patches * 0.0 + 1.0, [(1, 1), (1, 1)], 0.0)
    sums = resampling.add_neighbors(ops, ops.pad(patches, [(1, 1), (1, 1)], 0.0))
    smooth = quantize(ops, sums / resampling.add_neighbors(ops, ones), FRACTION)
    up_rows, up_columns = (
        resampling.stretch(ops, count, ops.to_float(length)) for count, length in zip(counts, lengths, strict=True)
    )
    return quantize(ops, resampling.resample(ops, smooth, up_rows, up_columns), FRACTION)


def _remove_rules(ops: Ops, ink: Array, strongest: Array, height: Array) -> Array:
    """Remove the rules of a form from ink [h, w]; strokes that cross one stay whole.

    A rule along is an unbroken row of ink, longer than any stroke. One upright is told from a stem only by where it
    stands: in a form, which is where there are rules along.
    """
    is_ink = ops.to_float(ink >= INK * strongest)
    length = -ops.floor(-RULE * height)
    has_run = ops.sum(is_ink, 1) >= UNBROKEN * length
    if ops.is_known(~ops.any(has_run)):
        return ink
    along = ops.apply_to_bands(lambda rows: _find_runs(ops, rows, length), is_ink, has_run, 0)
    has_rules = ops.any(along > 0.0)
    if ops.is_known(~has_rules):
        return ink
    upright = ops.to_float((ops.sum(is_ink, 0) >= UPRIGHT * height) & has_rules)[None]
    # with the soft edge on either side
    along = resampling.spread(ops, along, 3, 1) > 0.0
    upright = resampling.spread(ops, upright, 1, 3) > 0.0
    without = ops.where(along | upright, 0.0, ink)
    closed = ops.apply_to_bands(lambda rows: _close(ops, rows), without, ops.any(along, 1), RULE_PX - 1)
    return ops.where(along & ~upright, ops.minimum(closed, ink), without)


def _find_runs(ops: Ops, is_ink: Array, length: Array) -> Array:
    """Return 1.0 for each pixel in an unbroken run of `length` in its row, 0.0 elsewhere: [h, w]."""
    is_unbroken = resampling.sum_runs(ops, is_ink, length, -1) >= UNBROKEN * length
    if ops.is_known(~ops.any(is_unbroken)):
        return is_ink * 0.0
    unbroken = ops.to_float(is_unbroken)
    begin = ops.to_int(length) - 1
    runs = resampling.sum_runs(ops, unbroken, length, -1)
    return ops.to_float(runs[:, begin : ops.shape(runs)[1] - begin] > 0.0)


def _close(ops: Ops, ink: Array) -> Array:
    """Return ink with what goes on across up to `RULE_PX` rows, less one, of paper: [h, w]."""
    return -resampling.spread(ops, -resampling.spread(ops, ink, RULE_PX, 1), RULE_PX, 1)


def _find_strongest(ops: Ops, ink: Array) -> Array:
    """Return the ink that `DARKEST` of the image reach, in grey levels."""
    height, width = ops.shape(ink)
    count = -ops.floor(-DARKEST * ops.to_float(height) * ops.to_float(width))
    return ops.maximum(ops.find_kth_largest(ink, count), FAINTEST)
