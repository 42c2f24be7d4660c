"""What bench_ingest_transform.py measures ours against: a preprocessing_fn to float tensors, as in TFX's examples."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.data import features

SIDE = 75


def preprocessing_fn(inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Decode, resize to 75 x 75 x 3, scale to [-1, 1], write float32; the label's index in a vocabulary.

    Args:
        inputs: `image` and `label`, [batch, 1] string.
        custom_config: not read.

    Returns:
        `pixels_xf` [batch, 75, 75, 3] float32, `label_xf` [batch, 1] int64.
    """
    del custom_config

    def decode(encoded: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        return tf.image.resize(tf.cast(image, tf.float32), [SIDE, SIDE]) / 127.5 - 1.0

    images = tf.reshape(inputs[features.IMAGE], [-1])
    pixels = tf.map_fn(decode, images, fn_output_signature=tf.TensorSpec([SIDE, SIDE, 3], tf.float32))
    return {
        features.PIXELS_XF: pixels,
        features.LABEL_XF: tft.compute_and_apply_vocabulary(inputs[features.LABEL]),
    }
