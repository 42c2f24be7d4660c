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
ANSWER = OF_FIELDS[1:]

OF_ENTITY = 6.0  # weight of an entity's word in the loss: with 1, no total of the sample's test pages was found
FORGIVING = 0.5  # 0 is cross-entropy, 1 the probability of an error: see `loss`
UNANNOTATED = 0.5  # what an entity that a page says nothing of counts as an answer for a word that is nothing


def encode(inputs: dict[str, tf.Tensor], alphabet: ModuleType) -> dict[str, tf.Tensor]:
    """What each word may be, as a set of entities.

    A word of an entity is that. A word of none is nothing, or of an entity that its page does not say: one that no
    word has, unless `field_names` has it with an empty value, by which somebody found it to be missing
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


def written(alphabet: ModuleType) -> dict[str, tf.io.RaggedFeature]:
    """How to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.RaggedFeature(tf.int64)}


def head(of: keras.KerasTensor, trainer: Trainer, alphabet: ModuleType) -> keras.KerasTensor:
    """Hidden layers with dropout a word, then a logit an entity: [batch, words, width] to float32."""
    return keras.layers.Dense(len(alphabet.CLASSES), dtype="float32", name="logits")(hidden(of, trainer))


def loss() -> keras.losses.Loss:
    """Weighted mean loss of the words of a page, with what is past its last word left out.

    Of a word of probability p it is (1 - p ** q) / q, with `FORGIVING` as q. Where fields are was found by a search
    among words that OCR misread, and some of it is wrong: cross-entropy has no bound, so that a few such words weigh
    more than all others in the choice of the best epoch, and are learned by heart before that.

    Of a page's hundred words one is its total: with equal weights it is not worth finding. A word of an entity counts
    `OF_ENTITY` times as much as one that is nothing. The probability of a word that is nothing is that of nothing, and
    `UNANNOTATED` of that of every entity the page does not say: what another set taught is not forgotten over a page
    of one that never annotates it, and what no set teaches dies out.

    Source: Zhang, Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels", 2018;
    Cour, Sapp, Taskar, "Learning from Partial Labels", 2011.
    """
    return _Loss()


class _Loss(keras.losses.Loss):
    def __init__(self) -> None:
        super().__init__(name="tagging")

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, words] int, sets as `encode` says, -1 for no word; [batch, words, entities] logits; to [batch]."""
        ops = keras.ops
        words = ops.cast(ops.greater_equal(y_true, 0), y_pred.dtype)
        labels = ops.maximum(y_true, 1)
        places = ops.arange(y_pred.shape[-1], dtype=labels.dtype)
        may_be = ops.equal(ops.floor_divide(labels[..., None], ops.power(2, places)) % 2, 1)
        nothing = may_be[..., :1]
        counts = ops.where(nothing & (places > 0), UNANNOTATED, 1.0) * ops.cast(may_be, y_pred.dtype)
        probability = ops.logsumexp(ops.log_softmax(y_pred) + ops.log(ops.maximum(counts, 1e-30)), -1)
        each = (1.0 - ops.exp(FORGIVING * probability)) / FORGIVING
        weights = words * ops.where(nothing[..., 0], 1.0, OF_ENTITY)
        return ops.sum(each * weights, 1) / ops.maximum(ops.sum(weights, 1), 1.0)


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
