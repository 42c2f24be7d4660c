"""One class a picture."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.data import features

NEEDS = "vector"
OUTPUTS = (features.LABEL_OUT, features.PROBABILITY_OUT, features.LABELS_OUT, features.PROBABILITIES_OUT)
ANSWER = OUTPUTS[:2]
SAME = 1e-4  # of two probabilities


def encode(inputs: dict[str, tf.Tensor], alphabet: ModuleType) -> dict[str, tf.Tensor]:
    """Labels to numbers, by a vocabulary that is the alphabet's own.

    One that Transform took from the data would change a class's number with what train happens to hold, and cost a
    pass over all of it; how often each label occurs is in ExampleGen's summary.

    Args:
        inputs: `label` [batch, 1] string, each in `alphabet.CLASSES`.
        alphabet: with `CLASSES`, whose order is that of the numbers.

    Returns:
        `label_xf` [batch, 1] int64; -1 for what is not in the alphabet, which ExampleGen lets none through of.
    """
    numbers = range(len(alphabet.CLASSES))
    table = tft.make_and_track_object(
        lambda: tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(alphabet.CLASSES, numbers, tf.string, tf.int64), default_value=-1
        )
    )
    return {features.LABEL_XF: table.lookup(inputs[features.LABEL])}


def written(alphabet: ModuleType) -> dict[str, tf.io.FixedLenFeature]:
    """How to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.FixedLenFeature([], tf.int64)}


def head(of: keras.KerasTensor, trainer: Trainer, alphabet: ModuleType) -> keras.KerasTensor:
    """Hidden layers with dropout, then one logit a class: [batch, width] to [batch, classes] float32."""
    return keras.layers.Dense(len(alphabet.CLASSES), dtype="float32", name="logits")(add_hidden_layers(of, trainer))


def loss() -> keras.losses.Loss:
    """Cross-entropy of the class's number under the logits."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def metrics() -> list[keras.metrics.Metric]:
    """What the learning curves show beside the loss."""
    return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]


def answers(
    logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: ModuleType, serving: Serving
) -> dict[str, tf.Tensor]:
    """Decode in the graph.

    Args:
        logits: [batch, classes] float32.
        raw: not read.
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


def why_not(answers: Mapping[str, np.ndarray]) -> str | None:
    """Say what is wrong with a batch of answers, as a clause; None when nothing is.

    Args:
        answers: by output's name; texts as bytes.
    """
    if missing := [name for name in OUTPUTS if name not in answers]:
        return f"has no output {missing[0]!r}; it has {', '.join(sorted(answers))}"
    labels, probabilities = answers[features.LABELS_OUT], answers[features.PROBABILITIES_OUT]
    if labels.ndim != 2 or labels.shape != probabilities.shape:
        shapes = " and ".join(f"{name} of shape {list(answers[name].shape)}" for name in OUTPUTS[2:])
        return f"answers with {shapes}; both must be [batch, top_n]"
    first_is_best = np.array_equal(labels[:, 0], answers[features.LABEL_OUT]) and np.allclose(
        probabilities[:, 0], answers[features.PROBABILITY_OUT], rtol=0, atol=SAME
    )
    if not first_is_best or (np.diff(probabilities) > SAME).any():
        return f"answers with {' and '.join(OUTPUTS[2:])} that are not the best first"
    return None
