"""Labels to class numbers, and logits to the best classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import Serving
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet

BEST = (features.LABELS_OUT, features.PROBABILITIES_OUT)
SAME = 1e-4  # of two probabilities


def encode(inputs: dict[str, tf.Tensor], alphabet: Alphabet) -> dict[str, tf.Tensor]:
    """Encode labels as numbers, by a vocabulary that is the alphabet's own.

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


def get_feature_spec(alphabet: Alphabet) -> dict[str, tf.io.FixedLenFeature]:
    """Return how to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.FixedLenFeature([], tf.int64)}


def decode(logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving) -> dict[str, tf.Tensor]:
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


def find_problem(outputs: Mapping[str, np.ndarray]) -> str | None:
    """Return what is wrong with a batch of outputs, as a clause; None when nothing is.

    Args:
        outputs: by name; texts as bytes.
    """
    labels, probabilities = (outputs[name] for name in BEST)
    if labels.ndim != 2 or labels.shape != probabilities.shape:
        shapes = " and ".join(f"{name} of shape {list(outputs[name].shape)}" for name in BEST)
        return f"answers with {shapes}; both must be [batch, top_n]"
    first_is_best = np.array_equal(labels[:, 0], outputs[features.LABEL_OUT]) and np.allclose(
        probabilities[:, 0], outputs[features.PROBABILITY_OUT], rtol=0, atol=SAME
    )
    if not first_is_best or (np.diff(probabilities) > SAME).any():
        return f"answers with {' and '.join(BEST)} that are not the best first"
    return None
