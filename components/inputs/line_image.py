"""One picture of one line of writing: from encoded bytes to a strip of set height, text at its left, then paper.

What it shares with a picture of one glyph is taken from there: only the fitting differs. The strip is as wide as the
recipe says, whatever the line: an answer then does not depend on what else is in its batch.
"""

from __future__ import annotations

import tensorflow as tf

from tfx_ocr.components.inputs.image import (
    ASKED,
    FAINTEST,
    LUMA,
    RAW,
    SIGNATURE,
    WRITTEN,
    as_bytes,
    augment,
    batch,
    on_white,
    question,
    raw,
    scale,
)
from tfx_ocr.components.recipe import ImageSpec

__all__ = [
    "ASKED", "RAW", "SIGNATURE", "WRITTEN", "augment", "batch", "fit", "question", "raw", "scale", "transformed",
]  # fmt: skip

TALLEST_PX = 96  # height from which on a line is made smaller before anything is looked for in it
WIDEST = 40  # heights: what is wider is squeezed
PATCH_PX = 12  # side of the patches whose lightest grey is taken for the paper there
PAPER = 0.15  # share of the strongest ink up to which a pixel is paper: noise and the paper's grain go
INK = 0.4  # share of the strongest ink from which on a pixel counts as ink when its box is found
RULE = 0.5, 0.75  # share of a row, of a column, from which on it is a rule of the form, not writing
IN_A_ROW = 0.004  # share of a row, and one pixel of a column at least, that must be ink: specks and rules' ends do not
SQUEEZED = 0.7  # of its natural width: how far a line too long for the strip is squeezed before it is made smaller


def fit(image_bytes: tf.Tensor, spec: ImageSpec) -> tf.Tensor:
    """Decode one picture and fit its line of ink to the recipe's strip.

    The paper is what is lightest around, patch by patch, so that a photograph's shading is not ink; a picture with
    light ink is turned over first, and a form's rules are taken out. Contrast is stretched so that paper is 0 and
    strong ink 255. The ink's box, with `spec.margin` of its height above and below, is scaled to the strip's height and
    put at its left. One that would be too long is squeezed to `SQUEEZED` of its width, and beyond that made smaller.

    Args:
        image_bytes: scalar string, an encoded PNG, JPEG, GIF (its first frame) or BMP; grey, colour, 8 or 16 bits.
        spec: the recipe's; `channels` must be 1, `crop_to_ink` and `ink_is_light` are as said here.

    Returns:
        [height, width, 1] uint8; paper is 0 and ink light.

    Raises:
        tf.errors.InvalidArgumentError: when run, for bytes that are no such picture.
    """
    picture = on_white(tf.io.decode_image(image_bytes, expand_animations=False), 3)
    grey = tf.tensordot(picture, tf.constant([[v] for v in LUMA]), 1)[tf.newaxis]
    size = tf.cast(tf.shape(grey)[1:3], tf.float32)  # height, width in pixels
    height = tf.minimum(size[0], TALLEST_PX)
    width = tf.clip_by_value(tf.round(size[1] * height / size[0]), 1.0, WIDEST * TALLEST_PX)
    small = tf.raw_ops.ResizeArea(images=grey, size=tf.cast(tf.stack([height, width]), tf.int32))

    lightest, darkest = tf.reduce_max(small), tf.reduce_min(small)
    small = tf.where(tf.reduce_mean(small) * 2.0 < lightest + darkest, 255.0 - small, small)
    ink = tf.nn.relu(_paper(small) - small)[0, :, :, 0]
    strongest = tf.maximum(_quantile(ink, 0.995), FAINTEST)
    ink = tf.clip_by_value((ink / strongest - PAPER) / (1.0 - PAPER), 0.0, 1.0)

    ink *= _no_rules(tf.cast(ink >= INK, tf.float32))
    is_ink = tf.cast(ink >= INK, tf.float32)
    top, bottom = _extent(tf.reduce_mean(is_ink, 1) >= IN_A_ROW)
    left, right = _extent(tf.reduce_sum(is_ink[tf.cast(top, tf.int32) : tf.cast(bottom, tf.int32)], 0) >= 1.0)
    zoom = spec.height / ((bottom - top) * (1.0 + 2.0 * spec.margin))
    border = spec.margin * spec.height  # of paper before the text, in pixels of the strip
    room = spec.width - 2.0 * border
    zoom = tf.minimum(zoom, room / (SQUEEZED * (right - left)))
    zoom_x = tf.minimum(zoom, room / (right - left))
    fitted = tf.raw_ops.ScaleAndTranslate(
        images=ink[tf.newaxis, :, :, tf.newaxis],
        size=[spec.height, spec.width],
        scale=tf.stack([zoom, zoom_x]),
        translation=tf.stack([(spec.height - zoom * (top + bottom)) / 2.0, border - zoom_x * left]),
        kernel_type="triangle",
        antialias=True,
    )[0]
    return tf.ensure_shape(tf.cast(tf.round(fitted * 255.0), tf.uint8), [spec.height, spec.width, 1])


def _paper(grey: tf.Tensor) -> tf.Tensor:
    """The paper's grey at each pixel: the lightest of each patch and its neighbours, smooth between. [1, h, w, 1]."""
    patches = tf.nn.max_pool2d(grey, PATCH_PX, PATCH_PX, "SAME")
    patches = tf.nn.avg_pool2d(tf.nn.max_pool2d(patches, 3, 1, "SAME"), 3, 1, "SAME")
    return tf.image.resize(patches, tf.shape(grey)[1:3], "bilinear")


def _no_rules(is_ink: tf.Tensor) -> tf.Tensor:
    """0 where a row or a column of [height, width] is a rule of the form, and 1 elsewhere."""
    rows = tf.reduce_mean(is_ink, 1, keepdims=True) < RULE[0]
    columns = tf.reduce_mean(is_ink, 0, keepdims=True) < RULE[1]
    return tf.cast(rows & columns, tf.float32)


def _quantile(values: tf.Tensor, share: float) -> tf.Tensor:
    """The value that `share` of `values` do not exceed."""
    flat = tf.reshape(values, [-1])
    beyond = tf.cast(tf.math.ceil(tf.cast(tf.size(flat), tf.float32) * (1.0 - share)), tf.int32)
    return tf.reduce_min(tf.math.top_k(flat, tf.maximum(beyond, 1), sorted=False).values)


def _extent(is_ink: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """First (inclusive) and last (exclusive) place that holds ink, float32; the whole length where none does."""
    is_ink = tf.cast(tf.logical_or(is_ink, tf.logical_not(tf.reduce_any(is_ink))), tf.int32)
    first = tf.argmax(is_ink, output_type=tf.int32)
    last = tf.size(is_ink) - tf.argmax(is_ink[::-1], output_type=tf.int32)
    return tf.cast(first, tf.float32), tf.cast(last, tf.float32)


def transformed(raw: dict[str, tf.Tensor], spec: ImageSpec) -> dict[str, tf.Tensor]:
    """Transform's part: `image` [batch, 1] encoded to `pixels_xf` [batch, 1], height x width uint8 each."""
    return as_bytes(raw, spec, fit)
