"""A kind of answer in one file, as `test_new_task.py` adds it: whether a picture shows "1" rather than "0"."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks import Task
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet

TASK = Task(
    learn=__name__,
    graph=__name__,
    needs="vector",
    records=(features.IMAGE, features.LABEL),
    outputs=(features.LABEL_OUT, features.PROBABILITY_OUT),
    compared=(features.LABEL_OUT, features.PROBABILITY_OUT),
    metrics="classification",
    mistakes="find_wrong_classes",
    sections=("mistakes", "classes"),
    lists_labels=True,
    picture_px=64,
)


def build_head(of: keras.KerasTensor, trainer: Trainer, alphabet: Alphabet) -> keras.KerasTensor:
    """Return one logit per picture."""
    return keras.layers.Dense(1, dtype="float32", name="logits")(add_hidden_layers(of, trainer))


def build_loss() -> keras.losses.Loss:
    """Return the cross-entropy of a logit."""
    return keras.losses.BinaryCrossentropy(from_logits=True)


def build_metrics() -> list[keras.metrics.Metric]:
    """Return the share of right answers."""
    return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)]


def encode(inputs: dict[str, tf.Tensor], alphabet: Alphabet) -> dict[str, tf.Tensor]:
    """Return 1 for "1" and 0 for any other label, [batch, 1] int64."""
    return {features.LABEL_XF: tf.cast(tf.equal(inputs[features.LABEL], "1"), tf.int64)}


def get_feature_spec(alphabet: Alphabet) -> dict[str, tf.io.FixedLenFeature]:
    """Return how `label_xf` is parsed."""
    return {features.LABEL_XF: tf.io.FixedLenFeature([1], tf.int64)}


def decode(logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving) -> dict[str, tf.Tensor]:
    """Return the likelier label and its probability, [batch] each."""
    one = tf.sigmoid(logits[:, 0])
    return {
        features.LABEL_OUT: tf.where(one > 0.5, "1", "0"),
        features.PROBABILITY_OUT: tf.maximum(one, 1.0 - one),
    }


def find_problem(outputs: Mapping[str, np.ndarray]) -> str | None:
    """Return what is wrong with a batch of outputs; None when nothing is."""
    if (outputs[features.PROBABILITY_OUT] < 0.5).any():
        return "answers with the less likely label"
    return None
