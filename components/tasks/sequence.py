"""A line of text a picture: connectionist temporal classification over the network's frames, blank first."""

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

NEEDS = "sequence"
OUTPUTS = (
    features.LABEL_OUT,
    features.PROBABILITY_OUT,
    features.CHARACTERS_OUT,
    features.CHARACTER_PROBABILITIES_OUT,
)
ANSWER = OUTPUTS[2:]
BLANK = 0  # a character's number is its place in the alphabet plus one


def encode(inputs: dict[str, tf.Tensor], alphabet: ModuleType) -> dict[str, tf.Tensor]:
    """Texts to the numbers of their characters.

    Args:
        inputs: `label` [batch, 1] string, of `alphabet.CHARACTERS`.
        alphabet: with `CHARACTERS`, whose order is that of the numbers, from 1, and `LONGEST`.

    Returns:
        `label_xf` [batch, LONGEST] int64; 0 past the text's end.
    """
    numbers = range(1, len(alphabet.CHARACTERS) + 1)
    table = tft.make_and_track_object(
        lambda: tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(alphabet.CHARACTERS, numbers, tf.string, tf.int64), default_value=0
        )
    )
    characters = tf.strings.unicode_split(tf.reshape(inputs[features.LABEL], [-1]), "UTF-8")
    padded = characters.to_tensor("", shape=[None, alphabet.LONGEST])
    return {features.LABEL_XF: table.lookup(padded)}


def written(alphabet: ModuleType) -> dict[str, tf.io.FixedLenFeature]:
    """How to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.FixedLenFeature([alphabet.LONGEST], tf.int64)}


def head(of: keras.KerasTensor, trainer: Trainer, alphabet: ModuleType) -> keras.KerasTensor:
    """Hidden layers with dropout a frame, then a logit a character and blank: [batch, frames, width] to float32."""
    return keras.layers.Dense(len(alphabet.CHARACTERS) + 1, dtype="float32", name="logits")(
        add_hidden_layers(of, trainer)
    )


def loss() -> keras.losses.Loss:
    """Negative log-likelihood of the text over all alignments to the frames.

    Every picture is as wide as the recipe says, its end being paper, so every frame counts; of the labels only what is
    before the padding does. A text of more characters than there are frames teaches nothing.

    Source: Graves et al., "Connectionist Temporal Classification", 2006.
    """
    return _Loss()


class _Loss(keras.losses.Loss):
    def __init__(self) -> None:
        super().__init__(name="ctc")

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, longest] int, 0 for nothing; [batch, frames, characters + 1] logits; to [batch]."""
        # TensorFlow's own kernel, which wants blank last and no text empty. The loss of Keras is made of operations on
        # all pairs of a text's characters: with the longest text allowed it costs ten times what the network does.
        numbers, frames = tf.cast(y_true, tf.int32), tf.fill(tf.shape(y_pred)[:1], tf.shape(y_pred)[1])
        is_empty = tf.reduce_all(numbers == BLANK, 1)
        is_text = tf.concat([(numbers[:, :1] != BLANK) | is_empty[:, tf.newaxis], numbers[:, 1:] != BLANK], 1)
        values = tf.maximum(tf.boolean_mask(numbers, is_text) - 1, 0)
        labels = tf.SparseTensor(tf.where(is_text), values, tf.shape(numbers, tf.int64))
        of_text = tf.compat.v1.nn.ctc_loss(
            labels, tf.roll(y_pred, -1, -1), frames, time_major=False, ignore_longer_outputs_than_inputs=True
        )
        of_blanks = -tf.reduce_sum(tf.nn.log_softmax(y_pred)[:, :, BLANK], 1)
        loss = tf.where(is_empty, of_blanks, of_text)
        return tf.where(tf.math.is_finite(loss), loss, 0.0)


def metrics() -> list[keras.metrics.Metric]:
    """The learning curves show the loss alone: a text is decoded by the export, and judged there."""
    return []


def answers(
    logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: ModuleType, serving: Serving
) -> dict[str, tf.Tensor]:
    """Decode in the graph: the likeliest character of each frame, repetitions taken together, blanks left out.

    Args:
        logits: [batch, frames, characters + 1] float32.
        raw: not read.
        alphabet: with `CHARACTERS`.
        serving: not read.

    Returns:
        `label` [batch] string, the text; `characters` [batch, longest] string and `character_probabilities`
        [batch, longest] float32, the highest of each character's frames, padded with "" and 0; `probability` [batch]
        float32, the geometric mean of the characters', for an empty text of the frames' blanks.
    """
    every = tf.nn.softmax(logits)
    numbers, probabilities = tf.argmax(every, -1, tf.int32), tf.reduce_max(every, -1)
    before = tf.pad(numbers[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
    begins = tf.not_equal(numbers, before)
    is_text = begins & tf.not_equal(numbers, BLANK)
    letters = tf.gather(tf.constant(("", *alphabet.CHARACTERS)), numbers)

    runs = tf.cumsum(tf.cast(tf.reshape(begins, [-1]), tf.int32)) - 1  # of all lines, one after the other
    highest = tf.math.segment_max(tf.reshape(probabilities, [-1]), runs)
    of_run = tf.reshape(tf.gather(highest, runs), tf.shape(numbers))

    of_text = tf.cast(is_text, tf.float32)
    count = tf.reduce_sum(of_text, 1)
    of_characters = tf.math.divide_no_nan(tf.reduce_sum(tf.math.log(of_run) * of_text, 1), count)
    of_blanks = tf.reduce_mean(tf.math.log(probabilities), 1)
    mean = tf.where(count > 0, of_characters, of_blanks)
    return {
        features.LABEL_OUT: tf.strings.reduce_join(tf.where(is_text, letters, ""), 1),
        features.PROBABILITY_OUT: tf.exp(mean),
        features.CHARACTERS_OUT: tf.ragged.boolean_mask(letters, is_text).to_tensor(""),
        features.CHARACTER_PROBABILITIES_OUT: tf.ragged.boolean_mask(of_run, is_text).to_tensor(0.0),
    }


def why_not(answers: Mapping[str, np.ndarray]) -> str | None:
    """Say what is wrong with a batch of answers, as a clause; None when nothing is."""
    if missing := [name for name in OUTPUTS if name not in answers]:
        return f"has no output {missing[0]!r}; it has {', '.join(sorted(answers))}"
    if [b"".join(row) for row in answers[features.CHARACTERS_OUT]] != list(answers[features.LABEL_OUT]):
        return f"answers with {features.CHARACTERS_OUT} that are not those of {features.LABEL_OUT}"
    characters, probabilities = (answers[name].shape[1] for name in OUTPUTS[2:])
    if characters != probabilities:
        return f"answers with {characters} characters a line and {probabilities} of their probabilities"
    return None
