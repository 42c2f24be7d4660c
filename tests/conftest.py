"""A tiny export for tests: the contract's two signatures on a model whose answer can be read off its picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def write_export() -> Callable[..., Path]:
    """`write_export(folder, misread="")`: a SavedModel that answers with the first byte of the picture.

    `b"7d..."` is read as "7" with probability 1 (100 %, ASCII d), `b"72"` with 0.5 (ASCII 2 is 50). Classes in
    `misread` are answered with "0" instead. `labels` and `probabilities` hold the answer and "?".
    """

    def write(folder: Path, misread: str = "") -> Path:
        import tensorflow as tf

        class Tiny(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
            def serve_images(self, image_bytes):
                label = tf.strings.substr(image_bytes, 0, 1)
                for letter in misread:
                    label = tf.where(label == letter, tf.constant("0"), label)
                sure = tf.cast(tf.io.decode_raw(tf.strings.substr(image_bytes, 1, 1), tf.uint8), tf.float32)
                probability = tf.reshape(sure, [-1]) / 100.0
                return {
                    "label": label,
                    "probability": probability,
                    "labels": tf.stack([label, tf.fill(tf.shape(label), "?")], axis=1),
                    "probabilities": tf.stack([probability, 1.0 - probability], axis=1),
                }

            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
            def serve_examples(self, examples):
                parsed = tf.io.parse_example(examples, {"image": tf.io.FixedLenFeature([], tf.string)})
                return self.serve_images(parsed["image"])

        tiny = Tiny()
        signatures = {"serving_default": tiny.serve_examples, "serve_images": tiny.serve_images}
        tf.saved_model.save(tiny, str(folder), signatures=signatures)
        return folder

    return write
