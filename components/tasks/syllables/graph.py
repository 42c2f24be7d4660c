"""Syllables to the numbers of their jamo, and three heads' logits to the best syllables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfx_ocr.components.recipe import Serving
from tfx_ocr.components.tasks.classification import graph as classification
from tfx_ocr.components.tasks.syllables import PARTS, SIZES
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet
from tfx_ocr.data.alphabets.hangul import CLASSES, FIRST, split


def encode(inputs: dict[str, tf.Tensor], alphabet: Alphabet) -> dict[str, tf.Tensor]:
    """Encode labels as the numbers of their three jamo.

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


def get_feature_spec(alphabet: Alphabet) -> dict[str, tf.io.FixedLenFeature]:
    """Return how to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.FixedLenFeature([len(SIZES)], tf.int64)}


def decode(logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving) -> dict[str, tf.Tensor]:
    """Decode in the graph: the best syllables by joint probability over the three heads, exactly, of all allowed.

    A cut per head would lose syllables whose one jamo is unlikely; the outer sum of log-probabilities is 11,172
    numbers a picture, and the top of it is exact.

    Args:
        logits: [batch, 68] float32.
        raw: not read.
        alphabet: with `CLASSES`: all syllables, or those that are answered.
        serving: `top_n` best syllables are answered.

    Returns:
        See `decode_joint`. Where all syllables are answered, the probabilities of jamo are the heads' own.
    """
    heads = [tf.nn.log_softmax(each) for each in tf.split(logits, SIZES, -1)]
    initial, medial, final = heads
    joint = initial[:, :, tf.newaxis, tf.newaxis] + medial[:, tf.newaxis, :, tf.newaxis]
    joint = tf.reshape(joint + final[:, tf.newaxis, tf.newaxis, :], [-1, len(CLASSES)])
    if len(alphabet.CLASSES) == len(CLASSES):
        return decode_joint(joint, CLASSES, heads, serving)
    numbers = [ord(syllable) - FIRST for syllable in alphabet.CLASSES]
    joint = tf.nn.log_softmax(tf.gather(joint, numbers, axis=1))
    return decode_joint(joint, alphabet.CLASSES, add_up_jamo(joint, alphabet.CLASSES), serving)


def add_up_jamo(joint: tf.Tensor, syllables: Sequence[str]) -> list[tf.Tensor]:
    """Return the log-probabilities of each initial, medial and final: the sums of the syllables that have it.

    Args:
        joint: [batch, syllables] log-probabilities.
        syllables: in that order.
    """
    parts = np.array([split(syllable) for syllable in syllables])
    shares = [np.eye(size, dtype=np.float32)[parts[:, place]] for place, size in enumerate(SIZES)]
    return [tf.math.log(tf.matmul(tf.exp(joint), each)) for each in shares]


def decode_joint(
    joint: tf.Tensor, syllables: Sequence[str], heads: Sequence[tf.Tensor], serving: Serving
) -> dict[str, tf.Tensor]:
    """Decode log-probabilities of syllables and of their jamo.

    Args:
        joint: [batch, syllables].
        syllables: in that order.
        heads: [batch, 19], [batch, 21], [batch, 28].
        serving: `top_n` best syllables are answered.

    Returns:
        `label` [batch] string and `probability` [batch] float32 of the best syllable; `labels` and `probabilities`
        [batch, top_n], the best first; `initial`, `medial` and `final` [batch] string, the best of each for itself (a
        final may be ""), and their probabilities `initial_probability` ... [batch] float32.
    """
    best, numbers = tf.math.top_k(joint, min(serving.top_n, len(syllables)))
    if len(syllables) == len(CLASSES):
        codes = FIRST + numbers
    else:
        codes = tf.gather(tf.constant([ord(syllable) for syllable in syllables]), numbers)
    each = tf.strings.unicode_encode(tf.reshape(codes, [-1, 1]), "UTF-8")  # a table of all syllables would be 56 KB
    labels = tf.reshape(each, tf.shape(numbers))
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


find_problem = classification.find_problem
