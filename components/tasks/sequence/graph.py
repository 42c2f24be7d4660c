"""Encode texts as the numbers of their characters, and frames to texts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import Serving
from tfx_ocr.components.tasks.sequence import BLANK
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet


def encode(inputs: dict[str, tf.Tensor], alphabet: Alphabet) -> dict[str, tf.Tensor]:
    """Encode texts as the numbers of their characters.

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


def get_feature_spec(alphabet: Alphabet) -> dict[str, tf.io.FixedLenFeature]:
    """Return how to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.FixedLenFeature([alphabet.LONGEST], tf.int64)}


def decode(logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving) -> dict[str, tf.Tensor]:
    """Decode in the graph: the likeliest character of each frame, repetitions taken together, blanks left out.

    Args:
        logits: [batch, frames, characters + 1] float32.
        raw: not read.
        alphabet: with `CHARACTERS`.
        serving: not read.

    Returns:
        `label` [batch] string, the text; `characters` [batch, longest] string and `character_probabilities`
        [batch, longest] float32, the highest of each character's frames, padded with "" and 0; `character_places`
        [batch, longest, 2] float32, where the frames begin and end, as shares of the strip's width; `probability`
        [batch] float32, the geometric mean of the characters', 0 for an empty text: nothing was read.
    """
    every = tf.nn.softmax(logits)
    numbers, probabilities = tf.argmax(every, -1, tf.int32), tf.reduce_max(every, -1)
    before = tf.pad(numbers[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
    begins = tf.not_equal(numbers, before)
    is_text = begins & tf.not_equal(numbers, BLANK)
    after = tf.pad(numbers[:, 1:], [[0, 0], [0, 1]], constant_values=-1)
    is_end = tf.not_equal(numbers, after) & tf.not_equal(numbers, BLANK)
    letters = tf.gather(tf.constant(("", *alphabet.CHARACTERS)), numbers)

    runs = tf.cumsum(tf.cast(tf.reshape(begins, [-1]), tf.int32)) - 1  # of all lines, one after the other
    highest = tf.math.segment_max(tf.reshape(probabilities, [-1]), runs)
    of_run = tf.reshape(tf.gather(highest, runs), tf.shape(numbers))

    of_text = tf.cast(is_text, tf.float32)
    count = tf.reduce_sum(of_text, 1)
    frames = tf.shape(numbers)[1]
    edges = tf.cast(tf.range(frames + 1), tf.float32) / tf.cast(frames, tf.float32)
    sides = [
        tf.ragged.boolean_mask(tf.broadcast_to(side, tf.shape(numbers)), chosen).to_tensor(0.0)
        for side, chosen in ((edges[:-1], is_text), (edges[1:], is_end))
    ]
    mean = tf.exp(tf.math.divide_no_nan(tf.reduce_sum(tf.math.log(of_run) * of_text, 1), count))
    return {
        features.LABEL_OUT: tf.strings.reduce_join(tf.where(is_text, letters, ""), 1),
        features.PROBABILITY_OUT: tf.where(count > 0, mean, 0.0),
        features.CHARACTERS_OUT: tf.ragged.boolean_mask(letters, is_text).to_tensor(""),
        features.CHARACTER_PROBABILITIES_OUT: tf.ragged.boolean_mask(of_run, is_text).to_tensor(0.0),
        features.CHARACTER_PLACES_OUT: tf.stack(sides, 2),
    }


def find_problem(outputs: Mapping[str, np.ndarray]) -> str | None:
    """Return what is wrong with a batch of outputs, as a clause; None when nothing is."""
    if [b"".join(row) for row in outputs[features.CHARACTERS_OUT]] != list(outputs[features.LABEL_OUT]):
        return f"answers with {features.CHARACTERS_OUT} that are not those of {features.LABEL_OUT}"
    characters = outputs[features.CHARACTERS_OUT].shape[1]
    others = {"probabilities": features.CHARACTER_PROBABILITIES_OUT, "places": features.CHARACTER_PLACES_OUT}
    for what, name in others.items():
        if outputs[name].shape[1] != characters:
            return f"answers with {characters} characters a line and {outputs[name].shape[1]} of their {what}"
    return None
