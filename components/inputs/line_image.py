"""One picture of one line of writing: from encoded bytes to a strip of set height, text at its left, then paper.

What it shares with a picture of one glyph is taken from there: only the fitting differs. The strip is as wide as the
recipe says, whatever the line: an answer then does not depend on what else is in its batch.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfx_ocr.components.inputs import tensorflow_ops
from tfx_ocr.components.inputs.image import (
    RAW,
    REQUEST,
    WRITTEN,
    augment_picture,
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
    """Change a training batch: see `changes.change`.

    Args:
        pictures: [batch, height, width, 1] uint8.
        labels: [batch, longest], a text's numbers; a stranger's are 0, the empty text.
        seed: [2] integers; the same seed gives the same pictures.
        changes: the recipe's.
        spec: of the pictures.

    Returns:
        Pictures of the same shape and type, and the labels.
    """
    strangers = None
    if changes.strangers:
        drawn = draw_line_strangers(spec)
        strangers = drawn, np.zeros(len(drawn), np.int64)
    return augment_picture(pictures, labels, seed, changes, spec, strangers)
