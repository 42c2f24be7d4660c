"""Words to the entities that each may be, and logits to each word's entity and each entity's field."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import Serving
from tfx_ocr.components.tasks.tagging import NEVER, OF_FIELDS, OF_WORDS
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet

LONGEST = 256  # words of a field
DOUBT = 6.0  # log odds: what a word inside a field that is surely something else counts against it
PRESENT = 0.5  # mean probability of its words from which on a field is answered


def encode(inputs: dict[str, tf.Tensor], alphabet: Alphabet) -> dict[str, tf.Tensor]:
    """Encode what each word may be, as a set of entities.

    A word of an entity is that. A word of none is nothing, or of an entity that its page does not say: one that no
    word has, unless `field_names` has it with an empty value, which states that it is missing
    (docs/records.md).

    Args:
        inputs: `entities`, sparse [batch, most words] string, one a word; `field_names` and `field_values`, sparse
            [batch, most fields] string.
        alphabet: with `CLASSES`, whose order is that of the numbers; the first is "", nothing.

    Returns:
        `label_xf`, sparse [batch, most words] int64: bit n is set where the word may be entity n.
    """
    table = tft.make_and_track_object(
        lambda: tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(alphabet.CLASSES, range(len(alphabet.CLASSES)), tf.string, tf.int64),
            default_value=0,
        )
    )
    of_words, of_fields = table.lookup(inputs[features.ENTITIES]), table.lookup(inputs[features.FIELD_NAMES])
    absent = tf.sparse.retain(of_fields, tf.equal(inputs[features.FIELD_VALUES].values, ""))
    known = tf.sparse.to_indicator(of_words, len(alphabet.CLASSES))
    known |= tf.sparse.to_indicator(absent, len(alphabet.CLASSES))
    bits = tf.bitwise.left_shift(tf.ones([], tf.int64), tf.range(len(alphabet.CLASSES), dtype=tf.int64))
    nothing = 1 + tf.reduce_sum(tf.where(known, tf.zeros([], tf.int64), bits)[:, 1:], 1)  # a page's words of no entity
    may_be = tf.where(
        tf.equal(of_words.values, 0), tf.gather(nothing, of_words.indices[:, 0]), tf.gather(bits, of_words.values)
    )
    return {features.LABEL_XF: tf.SparseTensor(of_words.indices, may_be, of_words.dense_shape)}


def get_feature_spec(alphabet: Alphabet) -> dict[str, tf.io.RaggedFeature]:
    """Return how to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.RaggedFeature(tf.int64)}


def decode(logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving) -> dict[str, tf.Tensor]:
    """Decode in the graph: each word's entity, and each entity's field.

    A field is one run of words in the order of the page: of all runs of at most `LONGEST` the one with the highest sum
    of the log probabilities of its first word and its last, less the log odds against each word that is likelier not
    of the entity. It is answered where the mean probability of its words is `PRESENT` or more.

    Args:
        logits: what `head` gives, [batch, words, 3 * entities] float32.
        raw: `words` and `boxes`, sparse, as they were asked.
        alphabet: with `CLASSES`, the first being "", nothing.
        serving: not read.

    Returns:
        `entities` [batch, words] string and `entity_probabilities` [batch, words] float32, "" and 0 past a page's
        last word; for each entity but nothing `field_names`, `field_values` [batch, entities] string (words joined
        by spaces, as they stood; "" where it is missing), `field_probabilities` [batch, entities] float32 (mean of
        its words'; 0) and `field_boxes` [batch, entities, 4] float32 (left, top, right, bottom around its words).
    """
    texts = tf.RaggedTensor.from_sparse(raw[features.WORDS])
    there = tf.sequence_mask(texts.row_lengths(), tf.shape(logits)[1])
    words = _padded(texts.to_tensor(""), logits, "")
    boxes = tf.RaggedTensor.from_sparse(raw[features.BOXES]).to_tensor(0.0)
    boxes = tf.reshape(boxes, [tf.shape(logits)[0], tf.shape(boxes)[1] // 4, 4])
    boxes = tf.pad(boxes, [[0, 0], [0, tf.maximum(tf.shape(logits)[1] - tf.shape(boxes)[1], 0)], [0, 0]])

    tags, firsts, lasts = tf.split(logits, 3, -1)
    every = tf.where(there[..., tf.newaxis], tf.nn.softmax(tags), 0.0)
    numbers = tf.where(there, tf.argmax(tags, -1, tf.int32), 0)
    chosen = _runs(every, firsts, lasts, there)
    means = tf.math.divide_no_nan(
        tf.reduce_sum(tf.where(chosen, every, 0.0), 1), tf.reduce_sum(tf.cast(chosen, tf.float32), 1)
    )
    chosen &= (means >= PRESENT)[:, tf.newaxis]
    found = [_field(chosen[..., entity], words, boxes) for entity in range(1, len(alphabet.CLASSES))]
    values, around = (tf.stack(part, 1) for part in zip(*found, strict=True))
    names = tf.constant(alphabet.CLASSES)
    return {
        features.ENTITIES_OUT: tf.gather(names, numbers),
        features.ENTITY_PROBABILITIES_OUT: tf.reduce_max(every, -1),
        features.FIELD_NAMES_OUT: tf.tile(names[tf.newaxis, 1:], [tf.shape(logits)[0], 1]),
        features.FIELD_VALUES_OUT: values,
        features.FIELD_PROBABILITIES_OUT: tf.where(means >= PRESENT, means, 0.0)[:, 1:],
        features.FIELD_BOXES_OUT: around,
    }


def _runs(every: tf.Tensor, firsts: tf.Tensor, lasts: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    """Each entity's best run of words, as `answers` says: [batch, words, entities] probabilities and logits to bool."""
    absent = NEVER * (1.0 - tf.cast(there, tf.float32))[..., tf.newaxis]
    begin, end = (tf.nn.log_softmax(each + absent, 1) for each in (firsts, lasts))
    against = tf.clip_by_value(tf.math.log(every + 1e-6) - tf.math.log(1.0 + 1e-6 - every), -DOUBT, 0.0)
    upto = tf.cumsum(against, 1)
    end += upto
    window = tf.pad(end, [[0, 0], [0, LONGEST - 1], [0, 0]], constant_values=2 * NEVER)
    best_end = tf.nn.max_pool1d(window, LONGEST, 1, "VALID")  # of those from each word on
    first = tf.argmax(begin - (upto - against) + best_end, 1, tf.int32)[:, tf.newaxis]  # [batch, 1, entities]
    place = tf.range(tf.shape(every)[1])[:, tf.newaxis]
    in_reach = (place >= first) & (place < first + LONGEST)
    last = tf.argmax(tf.where(in_reach, end, 2 * NEVER), 1, tf.int32)[:, tf.newaxis]
    return (place >= first) & (place <= last) & there[..., tf.newaxis]


def _padded(values: tf.Tensor, logits: tf.Tensor, with_: str) -> tf.Tensor:
    missing = tf.maximum(tf.shape(logits)[1] - tf.shape(values)[1], 0)
    return tf.pad(values, [[0, 0], [0, missing]], constant_values=with_)


def _field(chosen: tf.Tensor, words: tf.Tensor, boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The text [batch] and box [batch, 4] of the words that are chosen."""
    value = tf.strings.reduce_join(tf.ragged.boolean_mask(words, chosen), 1, separator=" ")
    inside = chosen[..., tf.newaxis]
    first = tf.reduce_min(tf.where(inside, boxes[..., :2], tf.float32.max), 1)
    last = tf.reduce_max(tf.where(inside, boxes[..., 2:], tf.float32.min), 1)
    around = tf.where(tf.reduce_any(chosen, 1)[:, tf.newaxis], tf.concat([first, last], 1), 0.0)
    return value, around


def find_problem(outputs: Mapping[str, np.ndarray]) -> str | None:
    """Return what is wrong with a batch of outputs, as a clause; None when nothing is."""
    for group in (OF_WORDS, OF_FIELDS):
        if len({outputs[name].shape for name in group}) > 1:
            shapes = ", ".join(f"{name} of shape {list(outputs[name].shape)}" for name in group)
            return f"answers with {shapes}; all must have one shape"
    return None
