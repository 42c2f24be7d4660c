"""One class a picture."""

from __future__ import annotations

from types import ModuleType

import keras
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.data import features

NEEDS = "vector"
VOCABULARY = (
    "labels"  # name of the label vocabulary among the transform graph's assets: what train holds, and how often
)


def encode(labels: tf.Tensor, alphabet: ModuleType) -> dict[str, tf.Tensor]:
    """Labels to numbers, and the vocabulary of those that train holds, most frequent first, with their counts.

    Args:
        labels: [batch, 1] string, each in `alphabet.CLASSES`.
        alphabet: with `CLASSES`, whose order is that of the numbers.

    Returns:
        `label_xf` [batch, 1] int64; -1 for what is not in the alphabet, which ExampleGen lets none through of.
    """
    tft.vocabulary(labels, vocab_filename=VOCABULARY, store_frequency=True)
    numbers = range(len(alphabet.CLASSES))
    table = tft.make_and_track_object(
        lambda: tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(alphabet.CLASSES, numbers, tf.string, tf.int64), default_value=-1
        )
    )
    return {features.LABEL_XF: table.lookup(labels)}


def head(of: keras.KerasTensor, trainer: Trainer, alphabet: ModuleType) -> keras.KerasTensor:
    """Hidden layers with dropout, then one logit a class: [batch, width] to [batch, classes] float32."""
    x = of
    for units, dropout in zip(trainer.units, trainer.dropout, strict=True):
        x = keras.layers.Dense(units, activation="relu")(x)
        x = keras.layers.Dropout(dropout)(x)
    return keras.layers.Dense(len(alphabet.CLASSES), dtype="float32", name="logits")(x)


def loss() -> keras.losses.Loss:
    """Cross-entropy of the class's number under the logits."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def metrics() -> list[keras.metrics.Metric]:
    """What the learning curves show beside the loss."""
    return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]


def answers(logits: tf.Tensor, alphabet: ModuleType, serving: Serving) -> dict[str, tf.Tensor]:
    """Decode in the graph.

    Args:
        logits: [batch, classes] float32.
        alphabet: with `CLASSES`.
        serving: `top_n` best classes are answered, or all if there are fewer.

    Returns:
        `label` [batch] string and `probability` [batch] float32 of the best class; `labels` and `probabilities`
        [batch, top_n], the best first.
    """
    probabilities, numbers = tf.math.top_k(tf.nn.softmax(logits), min(serving.top_n, len(alphabet.CLASSES)))
    labels = tf.gather(tf.constant(alphabet.CLASSES), numbers)
    return {
        features.LABEL_OUT: labels[:, 0],
        features.PROBABILITY_OUT: probabilities[:, 0],
        features.LABELS_OUT: labels,
        features.PROBABILITIES_OUT: probabilities,
    }
