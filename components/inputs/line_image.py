"""One picture of one line of writing: from encoded bytes to a strip of set height, text at its left, then paper.

What it shares with a picture of one glyph is taken from there: only the fitting differs. The strip is as wide as the
recipe says, whatever the line: an answer then does not depend on what else is in its batch.
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from tfx_ocr.components.inputs import image, tensorflow_ops
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
from tfx_ocr.components.recipe import ImageAugmentation, LineImage
from tfx_ocr.data.pixels import line
from tfx_ocr.data.synthetic.strangers import draw_line_strangers

__all__ = ["RAW", "REQUEST", "WRITTEN", "augment", "build_request", "fit", "read_batch", "scale", "to_raw", "transform"]


def fit(image_bytes: tf.Tensor, spec: LineImage) -> tf.Tensor:
    """Decode one picture and fit its line of ink to the recipe's strip, as `data.pixels.line.fit` does.

    Args:
        image_bytes: scalar string, an encoded PNG, JPEG, GIF or BMP of a kind that docs/serving-contract.md names.
        spec: the recipe's.

    Returns:
        [height, width, 1] uint8; paper is 0 and ink light.

    Raises:
        tf.errors.InvalidArgumentError: when run, for what is refused, see `decode`.
    """
    return tf.ensure_shape(line.fit(tensorflow_ops, decode(image_bytes), spec), [spec.height, spec.width, 1])


def transform(raw: dict[str, tf.Tensor], spec: LineImage) -> dict[str, tf.Tensor]:
    """Fit `image` [batch, 1], encoded, to `pixels_xf` [batch, 1], height x width uint8 each."""
    return fit_all(raw, spec, fit)


def augment(
    pictures: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor, changes: ImageAugmentation, spec: LineImage
) -> tuple[tf.Tensor, tf.Tensor]:
    """Change a training batch: strangers, cuts, then what `image.augment` does to any picture.

    Args:
        pictures: [batch, height, width, 1] uint8.
        labels: [batch, longest], a text's numbers; a stranger's are 0, the empty text.
        seed: [2] integers; the same seed gives the same pictures.
        changes: the recipe's.
        spec: of the pictures.

    Returns:
        Pictures of the same shape and type, and the labels.
    """
    by_picture, cuts = tf.unstack(tf.random.split(tf.random.fold_in(seed, 1), 2))
    if changes.strangers:
        drawn = draw_line_strangers(spec)
        number, lot = tf.unstack(tf.random.stateless_uniform([2, tf.shape(pictures)[0]], by_picture))
        is_stranger = lot < changes.strangers
        strangers = tf.gather(drawn, tf.cast(number * len(drawn), tf.int32))
        pictures = tf.where(is_stranger[:, tf.newaxis, tf.newaxis, tf.newaxis], strangers, pictures)
        labels = tf.where(is_stranger[:, tf.newaxis], tf.zeros([], labels.dtype), labels)
    if changes.cut:
        pictures = _cut(pictures, cuts, changes.cut, spec)
    return image.augment(pictures, labels, seed, dataclasses.replace(changes, strangers=0.0), spec)


def _cut(pictures: tf.Tensor, seed: tf.Tensor, share: float, spec: LineImage) -> tf.Tensor:
    """Cut a share of the lines off below, of a quarter as many above, by 8 to 32 % of the height; stretch the rest."""
    lot, side, lost = tf.unstack(tf.random.stateless_uniform([3, tf.shape(pictures)[0]], seed))
    lost = tf.where(lot < share, 0.08 + 0.24 * lost, 0.0)
    one, nothing = tf.ones_like(lost), tf.zeros_like(lost)
    from_row = tf.where(side < 0.25, lost * spec.height, 0.0)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=tf.stack([one, nothing, nothing, nothing, one - lost, from_row, nothing, nothing], 1),
        output_shape=[spec.height, spec.width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
