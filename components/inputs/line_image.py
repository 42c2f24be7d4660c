"""One picture of one line of writing: from encoded bytes to a strip of set height, text at its left, then paper.

What it shares with a picture of one glyph is taken from there: only the fitting differs. The strip is as wide as the
recipe says, whatever the line: an answer then does not depend on what else is in its batch.
"""

from __future__ import annotations

import tensorflow as tf

from tfx_ocr.components.inputs.image import (
    FAINTEST,
    RAW,
    REQUEST,
    WRITTEN,
    augment,
    batch,
    build_request,
    composite_on_white,
    decode,
    find_supported,
    fit_all,
    scale,
    to_raw,
)
from tfx_ocr.components.recipe import LineImage

__all__ = ["RAW", "REQUEST", "WRITTEN", "augment", "batch", "build_request", "fit", "scale", "to_raw", "transform"]

TALLEST_PX = 96  # height from which on a line is made smaller before anything is looked for in it
WIDEST = 40  # heights: what is wider is squeezed
PATCH_PX = 12  # side of the patches whose lightest grey is taken for the paper there
DARKEST = 0.002  # share of the picture that is at least as dark as what is called its strongest ink
PAPER = 0.15  # share of the strongest ink up to which a pixel is paper: noise and the paper's grain go
INK = 0.4  # share of the strongest ink from which on a pixel counts as ink when its box is found
RULE = 1.5  # heights that an unbroken row of ink must be long to be a rule of the form, not writing
UNBROKEN = 0.95  # share of it that must be ink: a scan's gaps
UPRIGHT = 0.75  # share of a column of a form from which on it is a rule
RULE_PX = 7  # rows over which a stroke is taken to go on through a rule
IN_A_ROW = 0.03  # ink that a row or column of the text must have, in heights of the picture: specks do not
SQUEEZED = 0.7  # of its natural width: how far a line too long for the strip is squeezed before it is made smaller


def fit(image_bytes: tf.Tensor, spec: LineImage) -> tf.Tensor:
    """Decode one picture and fit its line of ink to the recipe's strip.

    The paper is what is lightest around, patch by patch, so that a photograph's shading is not ink; a picture with
    light ink is turned over first, and a form's rules are taken out. Contrast is stretched so that paper is 0 and
    strong ink 255. The ink's box, with `spec.margin` of its height above and below, is scaled to the strip's height and
    put at its left. One that would be too long is squeezed to `SQUEEZED` of its width, and beyond that made smaller.

    Args:
        image_bytes: scalar string, an encoded PNG, JPEG, GIF (its first frame) or BMP; grey, colour, 8 or 16 bits.
        spec: the recipe's.

    Returns:
        [height, width, 1] uint8; paper is 0 and ink light.

    Raises:
        tf.errors.InvalidArgumentError: when run, for bytes that are no such picture, or one of too many pixels.
    """
    decoded = decode(image_bytes)
    # what is far larger than is looked at is thinned out first: a scan of 50 megapixels costs no more than a line
    step = tf.maximum(1, tf.shape(decoded)[:2] // [2 * TALLEST_PX, 2 * WIDEST * TALLEST_PX])
    grey = composite_on_white(decoded[:: step[0], :: step[1]], 1)[tf.newaxis]
    size = tf.cast(tf.shape(decoded)[:2], tf.float32)  # height, width in pixels
    height = tf.minimum(size[0], TALLEST_PX)
    width = tf.clip_by_value(tf.round(size[1] * height / size[0]), 1.0, WIDEST * TALLEST_PX)
    small = tf.raw_ops.ResizeArea(images=grey, size=tf.cast(tf.stack([height, width]), tf.int32))

    dark, light = tf.nn.relu(_lightest(small) - small), tf.nn.relu(_lightest(-small) + small)
    # writing is thin: most of what is around it is paper
    ink = tf.where(tf.reduce_mean(dark) <= tf.reduce_mean(light), dark, light)
    ink = _no_rules(ink)
    ink = tf.clip_by_value((ink / _strongest(ink) - PAPER) / (1.0 - PAPER), 0.0, 1.0)

    flat = ink[0, :, :, 0]
    is_ink = tf.cast((flat >= INK) & find_supported(flat), tf.float32)
    least = tf.maximum(IN_A_ROW * height, 1.0)
    top, bottom = _extent(tf.reduce_sum(is_ink, 1) >= least)
    left, right = _extent(tf.reduce_sum(is_ink[tf.cast(top, tf.int32) : tf.cast(bottom, tf.int32)], 0) >= least)
    zoom = spec.height / ((bottom - top) * (1.0 + 2.0 * spec.margin))
    border = spec.margin * spec.height  # of paper before the text, in pixels of the strip
    room = spec.width - 2.0 * border
    zoom = tf.minimum(zoom, room / (SQUEEZED * (right - left)))
    zoom_x = tf.minimum(zoom, room / (right - left))
    fitted = tf.raw_ops.ScaleAndTranslate(
        images=ink,
        size=[spec.height, spec.width],
        scale=tf.stack([zoom, zoom_x]),
        translation=tf.stack([(spec.height - zoom * (top + bottom)) / 2.0, border - zoom_x * left]),
        kernel_type="triangle",
        antialias=True,
    )[0]
    fitted = tf.clip_by_value(tf.round(fitted * 255.0), 0.0, 255.0)
    return tf.ensure_shape(tf.cast(fitted, tf.uint8), [spec.height, spec.width, 1])


def _lightest(grey: tf.Tensor) -> tf.Tensor:
    """The paper's grey at each pixel: the lightest of each patch and its neighbours, smooth between. [1, h, w, 1]."""
    patches = tf.nn.max_pool2d(grey, PATCH_PX, PATCH_PX, "SAME")
    patches = tf.nn.avg_pool2d(tf.nn.max_pool2d(patches, 3, 1, "SAME"), 3, 1, "SAME")
    return tf.image.resize(patches, tf.shape(grey)[1:3], "bilinear")


def _no_rules(ink: tf.Tensor) -> tf.Tensor:
    """Ink, [1, h, w, 1] float32, without the rules of a form; strokes that cross one stay whole.

    A rule along is an unbroken row of ink, longer than any stroke. One upright is told from a stem only by where it
    stands: in a form, which is where there are rules along.
    """
    is_ink = tf.cast(ink >= INK * _strongest(ink), tf.float32)
    length = tf.cast(tf.math.ceil(RULE * tf.cast(tf.shape(ink)[1], tf.float32)), tf.int32)
    unbroken = tf.cast(_sums(is_ink, length) >= UNBROKEN * tf.cast(length, tf.float32), tf.float32)
    along = _sums(unbroken, length)[:, :, length - 1 : 1 - length] > 0.0
    upright = (tf.reduce_mean(is_ink, 1, keepdims=True) >= UPRIGHT) & tf.reduce_any(along)
    # with the soft edge on either side
    along = tf.nn.max_pool2d(tf.cast(along, tf.float32), (3, 1), 1, "SAME") > 0.0
    upright = tf.nn.max_pool2d(tf.cast(upright, tf.float32), (1, 3), 1, "SAME") > 0.0
    without = tf.where(along | upright, 0.0, ink)
    closed = -tf.nn.max_pool2d(-tf.nn.max_pool2d(without, (RULE_PX, 1), 1, "SAME"), (RULE_PX, 1), 1, "SAME")
    return tf.where(along & ~upright, tf.minimum(closed, ink), without)


def _sums(values: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Of [1, h, w, 1] the sum of every `length` in a row, past the ends too: [1, h, w + length - 1, 1]."""
    sums = tf.cumsum(tf.pad(values, [[0, 0], [0, 0], [length, length - 1], [0, 0]]), 2)
    return sums[:, :, length:] - sums[:, :, :-length]


def _strongest(ink: tf.Tensor) -> tf.Tensor:
    """The ink that `DARKEST` of the picture reach, in grey levels."""
    flat = tf.reshape(ink, [-1])
    count = tf.cast(tf.math.ceil(tf.cast(tf.size(flat), tf.float32) * DARKEST), tf.int32)
    return tf.maximum(tf.reduce_min(tf.math.top_k(flat, count, sorted=False).values), FAINTEST)


def _extent(is_ink: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """First (inclusive) and last (exclusive) place that holds ink, float32; the whole length where none does."""
    is_ink = tf.cast(tf.logical_or(is_ink, tf.logical_not(tf.reduce_any(is_ink))), tf.int32)
    first = tf.argmax(is_ink, output_type=tf.int32)
    last = tf.size(is_ink) - tf.argmax(is_ink[::-1], output_type=tf.int32)
    return tf.cast(first, tf.float32), tf.cast(last, tf.float32)


def transform(raw: dict[str, tf.Tensor], spec: LineImage) -> dict[str, tf.Tensor]:
    """Transform's part: `image` [batch, 1] encoded to `pixels_xf` [batch, 1], height x width uint8 each."""
    return fit_all(raw, spec, fit)
