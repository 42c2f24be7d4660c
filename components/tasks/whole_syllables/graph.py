"""Syllables to class numbers, and logits of whole syllables to the best of them and their jamo."""

from __future__ import annotations

import tensorflow as tf

from tfx_ocr.components.recipe import Serving
from tfx_ocr.components.tasks.classification import graph as classification
from tfx_ocr.components.tasks.syllables.graph import add_up_jamo, decode_joint
from tfx_ocr.data.alphabets import Alphabet

encode = classification.encode
get_feature_spec = classification.get_feature_spec
find_problem = classification.find_problem


def decode(logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving) -> dict[str, tf.Tensor]:
    """Decode in the graph: a jamo is as likely as the syllables that have it together.

    Args:
        logits: [batch, classes] float32.
        raw: not read.
        alphabet: with `CLASSES`, composed syllables.
        serving: `top_n` best syllables are answered.

    Returns:
        See `syllables.graph.decode_joint`.
    """
    joint = tf.nn.log_softmax(logits)
    return decode_joint(joint, alphabet.CLASSES, add_up_jamo(joint, alphabet.CLASSES), serving)
