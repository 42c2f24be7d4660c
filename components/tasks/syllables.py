"""One Hangul syllable a picture: its initial, medial and final predicted separately, its answer one of all 11,172."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import keras
import numpy as np
import tensorflow as tf

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks import classification
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.data import features
from tfx_ocr.data.alphabets.hangul import CLASSES, FINALS, FIRST, INITIALS, MEDIALS

NEEDS = "vector"
ANSWER = classification.ANSWER
PARTS = {
    features.INITIAL_OUT: INITIALS,
    features.MEDIAL_OUT: MEDIALS,
    features.FINAL_OUT: FINALS,
}
SIZES = tuple(len(jamo) for jamo in PARTS.values())  # 19, 21, 28: the three heads' logits lie side by side


def encode(inputs: dict[str, tf.Tensor], alphabet: ModuleType) -> dict[str, tf.Tensor]:
    """Labels to the numbers of their three jamo.

    Args:
        inputs: `label` [batch, 1] string, one composed syllable each.
        alphabet: not read: the jamo are Unicode's.

    Returns:
        `label_xf` [batch, 3] int64: initial, medial, final.
    """
    codes = tf.strings.unicode_decode(tf.reshape(inputs[features.LABEL], [-1]), "UTF-8").to_tensor()[:, 0]
    number = tf.cast(codes, tf.int64) - FIRST
    rest, final = number // SIZES[2], number % SIZES[2]
    return {features.LABEL_XF: tf.stack([rest // SIZES[1], rest % SIZES[1], final], 1)}


def written(alphabet: ModuleType) -> dict[str, tf.io.FixedLenFeature]:
    """How to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.FixedLenFeature([len(SIZES)], tf.int64)}


def head(of: keras.KerasTensor, trainer: Trainer, alphabet: ModuleType) -> keras.KerasTensor:
    """Hidden layers with dropout, shared, then a layer of logits a jamo: [batch, width] to [batch, 68] float32."""
    x = add_hidden_layers(of, trainer)
    heads = [keras.layers.Dense(size, dtype="float32", name=name) for name, size in zip(PARTS, SIZES, strict=True)]
    return keras.layers.Concatenate(name="logits", dtype="float32")([each(x) for each in heads])


def loss() -> keras.losses.Loss:
    """The sum of the three heads' cross-entropies: the negative log-likelihood of the syllable."""
    return _Loss()


class _Loss(keras.losses.Loss):
    def __init__(self) -> None:
        super().__init__(name="syllable")

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, 3] int, [batch, 68] logits to [batch]."""
        each = [
            keras.ops.sparse_categorical_crossentropy(y_true[:, place], logits, from_logits=True)
            for place, logits in enumerate(_heads(y_pred))
        ]
        return each[0] + each[1] + each[2]


def metrics() -> list[keras.metrics.Metric]:
    """What the learning curves show beside the loss: how often all three jamo are right."""
    return [keras.metrics.MeanMetricWrapper(_right, name="accuracy")]


def _right(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    found = keras.ops.stack([keras.ops.argmax(logits, -1) for logits in _heads(y_pred)], 1)
    same = keras.ops.equal(keras.ops.cast(found, "int64"), keras.ops.cast(y_true, "int64"))
    return keras.ops.cast(keras.ops.all(same, 1), "float32")


def _heads(logits: keras.KerasTensor) -> list[keras.KerasTensor]:
    """[batch, 68] to [batch, 19], [batch, 21], [batch, 28]."""
    return keras.ops.split(logits, [SIZES[0], SIZES[0] + SIZES[1]], axis=-1)


def answers(
    logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: ModuleType, serving: Serving
) -> dict[str, tf.Tensor]:
    """Decode in the graph: the best syllables by joint probability over the three heads, exactly, of all 11,172.

    A cut per head would lose syllables whose one jamo is unlikely; the outer sum of log-probabilities is 11,172
    numbers a picture, and the top of it is exact.

    Args:
        logits: [batch, 68] float32.
        raw: not read.
        alphabet: not read.
        serving: `top_n` best syllables are answered.

    Returns:
        `label` [batch] string and `probability` [batch] float32 of the best syllable; `labels` and `probabilities`
        [batch, top_n], the best first; `initial`, `medial` and `final` [batch] string, the best of each head for
        itself (a final may be ""), and their probabilities `initial_probability` ... [batch] float32.
    """
    heads = [tf.nn.log_softmax(each) for each in tf.split(logits, SIZES, -1)]
    initial, medial, final = heads
    joint = initial[:, :, tf.newaxis, tf.newaxis] + medial[:, tf.newaxis, :, tf.newaxis]
    joint = tf.reshape(joint + final[:, tf.newaxis, tf.newaxis, :], [-1, len(CLASSES)])
    best, numbers = tf.math.top_k(joint, min(serving.top_n, len(CLASSES)))
    labels = tf.gather(tf.constant(CLASSES), numbers)
    probabilities = tf.exp(best)
    found = {
        features.LABEL_OUT: labels[:, 0],
        features.PROBABILITY_OUT: probabilities[:, 0],
        features.LABELS_OUT: labels,
        features.PROBABILITIES_OUT: probabilities,
    }
    for (name, jamo), of_head in zip(PARTS.items(), heads, strict=True):
        found[name] = tf.gather(tf.constant(jamo), tf.argmax(of_head, -1))
        found[f"{name}_probability"] = tf.exp(tf.reduce_max(of_head, -1))
    return found


def why_not(answers: Mapping[str, np.ndarray]) -> str | None:
    """Say what is wrong with a batch of answers, as a clause; None when nothing is."""
    outputs = [output for name in PARTS for output in (name, f"{name}_probability")]
    if missing := [name for name in outputs if name not in answers]:
        return f"has no output {missing[0]!r}; it has {', '.join(sorted(answers))}"
    return classification.why_not(answers)
