"""The picture of a page: from encoded bytes to the frame a network sees, and changes that move its shapes too.

What it shares with a picture of one glyph is taken from there.
"""

from __future__ import annotations

import math

import tensorflow as tf

from tfx_ocr.components.inputs import tensorflow_ops
from tfx_ocr.components.inputs.image import (
    RAW,
    REQUEST,
    WRITTEN,
    build_request,
    decode,
    fit_all,
    read_batch,
    scale,
    to_raw,
)
from tfx_ocr.components.recipe import PageAugmentation, PageImage
from tfx_ocr.data.page.shapes import NUMBERS
from tfx_ocr.data.pixels import page

__all__ = ["RAW", "REQUEST", "WRITTEN", "augment", "build_request", "fit", "read_batch", "scale", "to_raw", "transform"]


def fit(image_bytes: tf.Tensor, spec: PageImage) -> tf.Tensor:
    """Decode one page and fit it to the recipe's frame, as `data.pixels.page.fit` does.

    Args:
        image_bytes: scalar string, an encoded PNG, JPEG, GIF or BMP of a kind that docs/serving-contract.md names.
        spec: the recipe's.

    Returns:
        [side, side, 1] uint8; paper is dark.

    Raises:
        tf.errors.InvalidArgumentError: when run, for what is refused, see `image.decode`.
    """
    return tf.ensure_shape(page.fit(tensorflow_ops, decode(image_bytes), spec), [spec.side, spec.side, 1])


def transform(raw: dict[str, tf.Tensor], spec: PageImage) -> dict[str, tf.Tensor]:
    """Fit `image` [batch, 1], encoded, to `pixels_xf` [batch, 1], side x side uint8 each."""
    return fit_all(raw, spec, fit)


def augment(
    pages: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor, changes: PageAugmentation, spec: PageImage
) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn and zoom each page with its shapes, and change its contrast.

    Args:
        pages: [batch, side, side, 1] uint8.
        labels: [batch, shapes * `NUMBERS`] float32, padded with -1.
        seed: [2] integers.
        changes: the recipe's.
        spec: of the pages.

    Returns:
        Pages of the same shape and type; labels with the corners where they are now.
    """
    count = tf.shape(pages)[0]
    chance = tf.random.stateless_uniform([5, count], seed, -1.0, 1.0)
    angle = chance[0] * (changes.rotate_deg * math.pi / 180.0)
    zoom = tf.exp(chance[1] * math.log(1.0 / (1.0 - changes.scale)))
    cos, sin = zoom * tf.cos(angle), zoom * tf.sin(angle)
    # about a point by chance, which stays where it is
    x, y = (chance[2] + 1.0) / 2.0, (chance[3] + 1.0) / 2.0
    moved_x, moved_y = x - cos * x + sin * y, y - sin * x - cos * y

    shapes = tf.shape(labels)[1] // NUMBERS
    rows = tf.reshape(labels[:, : shapes * NUMBERS], [count, shapes, NUMBERS])
    corners = tf.reshape(rows[..., 1:], [count, shapes * 4, 2])
    across, down = corners[..., 0], corners[..., 1]
    turned = tf.stack(
        [
            cos[:, None] * across - sin[:, None] * down + moved_x[:, None],
            sin[:, None] * across + cos[:, None] * down + moved_y[:, None],
        ],
        -1,
    )
    rows = tf.concat([rows[..., :1], tf.reshape(turned, [count, shapes, NUMBERS - 1])], -1)

    # the other way round, from a pixel of what comes out to one of what went in
    square = zoom * zoom
    back_cos, back_sin = cos / square, sin / square
    side = float(spec.side)
    from_x = -(back_cos * moved_x + back_sin * moved_y) * side
    from_y = (back_sin * moved_x - back_cos * moved_y) * side
    nothing = tf.zeros_like(cos)
    pages = tf.raw_ops.ImageProjectiveTransformV3(
        images=pages,
        transforms=tf.stack([back_cos, back_sin, from_x, -back_sin, back_cos, from_y, nothing, nothing], 1),
        output_shape=[spec.side, spec.side],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    if changes.contrast:
        gain = 1.0 + changes.contrast * chance[4]
        changed = tf.cast(pages, tf.float32) * gain[:, None, None, None]
        pages = tf.cast(tf.clip_by_value(changed, 0.0, 255.0), tf.uint8)
    return tf.ensure_shape(pages, [None, spec.side, spec.side, 1]), tf.reshape(rows, [count, shapes * NUMBERS])
