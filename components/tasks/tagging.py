"""An entity a word of a page, and the fields that the words of each entity make together."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks.hidden import hidden
from tfx_ocr.data import features

NEEDS = "words"
OF_WORDS = (features.ENTITIES_OUT, features.ENTITY_PROBABILITIES_OUT)
OF_FIELDS = (features.FIELD_NAMES_OUT, features.FIELD_VALUES_OUT, features.FIELD_PROBABILITIES_OUT)

OF_ENTITY = 6.0  # weight of an entity's word in the loss: with 1, no total of the sample's test pages was found


def encode(inputs: dict[str, tf.Tensor], alphabet: ModuleType) -> dict[str, tf.Tensor]:
    """Entities to numbers.

    Args:
        inputs: `entities`, sparse [batch, most words] string, one a word.
        alphabet: with `CLASSES`, whose order is that of the numbers; the first is "", nothing.

    Returns:
        `label_xf`, sparse [batch, most words] int64.
    """
    table = tft.make_and_track_object(
        lambda: tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(alphabet.CLASSES, range(len(alphabet.CLASSES)), tf.string, tf.int64),
            default_value=0,
        )
    )
    return {features.LABEL_XF: table.lookup(inputs[features.ENTITIES])}


def written(alphabet: ModuleType) -> dict[str, tf.io.RaggedFeature]:
    """How to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.RaggedFeature(tf.int64)}


def head(of: keras.KerasTensor, trainer: Trainer, alphabet: ModuleType) -> keras.KerasTensor:
    """Hidden layers with dropout a word, then a logit an entity: [batch, words, width] to float32."""
    return keras.layers.Dense(len(alphabet.CLASSES), dtype="float32", name="logits")(hidden(of, trainer))


def loss() -> keras.losses.Loss:
    """Weighted mean cross-entropy of the words of a page, with what is past its last word left out.

    Of a page's hundred words one is its total: with equal weights it is not worth finding. A word of an entity counts
    `OF_ENTITY` times as much as one that is nothing.
    """
    return _Loss()


class _Loss(keras.losses.Loss):
    def __init__(self) -> None:
        super().__init__(name="tagging")

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, words] int, -1 for no word; [batch, words, entities] logits; to [batch]."""
        words = keras.ops.cast(keras.ops.greater_equal(y_true, 0), y_pred.dtype)
        each = keras.ops.sparse_categorical_crossentropy(keras.ops.maximum(y_true, 0), y_pred, from_logits=True)
        weights = words * keras.ops.where(keras.ops.greater(y_true, 0), OF_ENTITY, 1.0)
        return keras.ops.sum(each * weights, 1) / keras.ops.maximum(keras.ops.sum(weights, 1), 1.0)


def metrics() -> list[keras.metrics.Metric]:
    """The learning curves show the loss alone: fields are put together by the export, and judged there."""
    return []


def answers(
    logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: ModuleType, serving: Serving
) -> dict[str, tf.Tensor]:
    """Decode in the graph: each word's entity, and each entity's field.

    A field is one run of words, those of the entity that follow each other with nothing but such words between, in
    the order of the page: of several runs the one with the highest sum of (probability - 1/2) over its words, so
    that a sure word is worth more than a long doubtful row.

    Args:
        logits: [batch, words, entities] float32.
        raw: `words` and `boxes`, sparse, as they were asked.
        alphabet: with `CLASSES`, the first being "", nothing.
        serving: not read.

    Returns:
        `entities` [batch, words] string and `entity_probabilities` [batch, words] float32, "" and 0 past a page's
        last word; for each entity but nothing `field_names`, `field_values` [batch, entities] string (words joined
        by spaces, as they stood; "" where there is none), `field_probabilities` [batch, entities] float32 (mean of
        its words'; 0) and `field_boxes` [batch, entities, 4] float32 (left, top, right, bottom around its words).
    """
    texts = tf.RaggedTensor.from_sparse(raw[features.WORDS])
    there = tf.sequence_mask(texts.row_lengths(), tf.shape(logits)[1])
    words = _padded(texts.to_tensor(""), logits, "")
    boxes = tf.RaggedTensor.from_sparse(raw[features.BOXES]).to_tensor(0.0)
    boxes = tf.reshape(boxes, [tf.shape(logits)[0], tf.shape(boxes)[1] // 4, 4])
    boxes = tf.pad(boxes, [[0, 0], [0, tf.maximum(tf.shape(logits)[1] - tf.shape(boxes)[1], 0)], [0, 0]])

    every = tf.nn.softmax(logits)
    numbers = tf.where(there, tf.argmax(every, -1, tf.int32), 0)
    probabilities = tf.where(there, tf.reduce_max(every, -1), 0.0)
    before = tf.pad(numbers[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
    runs = tf.cumsum(tf.cast(tf.not_equal(numbers, before), tf.int32), 1) - 1  # [batch, words], from 0 in each page
    most = tf.shape(logits)[1]
    of_page = runs + most * tf.range(tf.shape(logits)[0])[:, tf.newaxis]
    worth = tf.math.unsorted_segment_sum(
        tf.reshape(probabilities - 0.5, [-1]), tf.reshape(of_page, [-1]), most * tf.shape(logits)[0]
    )
    worth = tf.gather(worth, of_page)  # of the run that a word is in

    entities = range(1, len(alphabet.CLASSES))
    found = [_field(tf.equal(numbers, entity) & there, worth, runs, words, boxes, probabilities) for entity in entities]
    values, means, around = (tf.stack(part, 1) for part in zip(*found, strict=True))
    names = tf.constant(alphabet.CLASSES)
    return {
        features.ENTITIES_OUT: tf.gather(names, numbers),
        features.ENTITY_PROBABILITIES_OUT: probabilities,
        features.FIELD_NAMES_OUT: tf.tile(names[tf.newaxis, 1:], [tf.shape(logits)[0], 1]),
        features.FIELD_VALUES_OUT: values,
        features.FIELD_PROBABILITIES_OUT: means,
        features.FIELD_BOXES_OUT: around,
    }


def _padded(values: tf.Tensor, logits: tf.Tensor, with_: str) -> tf.Tensor:
    missing = tf.maximum(tf.shape(logits)[1] - tf.shape(values)[1], 0)
    return tf.pad(values, [[0, 0], [0, missing]], constant_values=with_)


def _field(
    of_entity: tf.Tensor,
    worth: tf.Tensor,
    runs: tf.Tensor,
    words: tf.Tensor,
    boxes: tf.Tensor,
    probabilities: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """One entity's text [batch], mean probability [batch] and box [batch, 4] from its best run of words."""
    ranked = tf.where(of_entity, worth, tf.float32.min)
    best = tf.gather(runs, tf.argmax(ranked, 1), batch_dims=1)[:, tf.newaxis]
    chosen = of_entity & tf.equal(runs, best)
    any_ = tf.reduce_any(chosen, 1)
    text = tf.ragged.boolean_mask(words, chosen)
    value = tf.strings.reduce_join(text, 1, separator=" ")
    weight = tf.cast(chosen, tf.float32)
    mean = tf.math.divide_no_nan(tf.reduce_sum(probabilities * weight, 1), tf.reduce_sum(weight, 1))
    inside = chosen[..., tf.newaxis]
    first = tf.reduce_min(tf.where(inside, boxes[..., :2], tf.float32.max), 1)
    last = tf.reduce_max(tf.where(inside, boxes[..., 2:], tf.float32.min), 1)
    around = tf.where(any_[:, tf.newaxis], tf.concat([first, last], 1), 0.0)
    return value, mean, around


def why_not(answers: Mapping[str, np.ndarray]) -> str | None:
    """Say what is wrong with a batch of answers, as a clause; None when nothing is."""
    outputs = (*OF_WORDS, *OF_FIELDS, features.FIELD_BOXES_OUT)
    if missing := [name for name in outputs if name not in answers]:
        return f"has no output {missing[0]!r}; it has {', '.join(sorted(answers))}"
    for names in (OF_WORDS, OF_FIELDS):
        if len({answers[name].shape for name in names}) > 1:
            shapes = ", ".join(f"{name} of shape {list(answers[name].shape)}" for name in names)
            return f"answers with {shapes}; all must have one shape"
    return None
