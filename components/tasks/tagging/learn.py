"""Head and loss of a page's words: what each is, and where each entity's field begins and ends."""

from __future__ import annotations

import keras

from tfx_ocr.components.recipe import Trainer
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.components.tasks.tagging import NEVER
from tfx_ocr.data.alphabets import Alphabet

OF_ENTITY = 6.0  # weight of an entity's word in the loss: with 1, no total of the sample's test pages was found
OF_ENDS = 0.3  # weight of where the fields begin and end, beside that of the words
FORGIVING = 0.5  # 0 is cross-entropy, 1 the probability of an error: see `loss`
UNANNOTATED = 0.5  # what an entity that a page says nothing of counts as an answer for a word that is nothing


def build_head(of: keras.KerasTensor, trainer: Trainer, alphabet: Alphabet) -> keras.KerasTensor:
    """Build hidden layers with dropout, then three logits per word and entity: [batch, words, width] to float32.

    The first third says what the word is; the second of which entities' fields it is the first word, against the
    page's other words, and the third of which the last.

    Source: of the ends, Seo, Kembhavi, Farhadi, Hajishirzi, "Bidirectional Attention Flow for Machine Comprehension",
    2017: a page has one date, and its words compete for it.
    """
    return keras.layers.Dense(3 * len(alphabet.CLASSES), dtype="float32", name="logits")(add_hidden_layers(of, trainer))


def build_loss() -> keras.losses.Loss:
    """Return the loss of what each word is and where the fields begin and end: a weighted sum per page.

    Of a word, and of an end, of probability p it is (1 - p ** q) / q, with `FORGIVING` as q. Where fields are was found
    by a search among words that OCR misread, and some of it is wrong: cross-entropy has no bound, so that a few such
    words weigh more than all others, and are learned by heart.

    Words: the weighted mean of a page's, with what is past its last word left out. Of a hundred words one is the total:
    with equal weights it is not worth finding. A word of an entity counts `OF_ENTITY` times as much as one that is
    nothing. The probability of a word that is nothing is that of nothing, and `UNANNOTATED` of that of every entity the
    page does not say: what another set taught is not forgotten over a page of one that never annotates it, and what no
    set teaches dies out.

    Ends: the mean over the entities that the page's words have, each of which may begin with the first word of any of
    its runs, and end with the last of any.

    Source: Zhang, Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels", 2018;
    Cour, Sapp, Taskar, "Learning from Partial Labels", 2011.
    """
    return _Loss(name="tagging")


class _Loss(keras.losses.Loss):
    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, words] int, sets as `encode` says, -1 for no word; `head`'s [batch, words, ...]; to [batch]."""
        ops = keras.ops
        tags, firsts, lasts = ops.split(y_pred, 3, -1)
        there = ops.greater_equal(y_true, 0)
        labels = ops.maximum(y_true, 1)
        places = ops.arange(tags.shape[-1], dtype=labels.dtype)
        bits = ops.power(2, places)
        may_be = ops.equal(ops.floor_divide(labels[..., None], bits) % 2, 1)
        nothing = may_be[..., :1]
        counts = ops.where(nothing & (places > 0), UNANNOTATED, 1.0) * ops.cast(may_be, tags.dtype)
        of_words = _forgiving(ops.logsumexp(ops.log_softmax(tags) + _log(counts), -1))
        weights = ops.cast(there, tags.dtype) * ops.where(nothing[..., 0], 1.0, OF_ENTITY)
        of_words = ops.sum(of_words * weights, 1) / ops.maximum(ops.sum(weights, 1), 1.0)

        is_entity = ops.cast(ops.equal(labels[..., None], bits) & (places > 0), tags.dtype)
        begins = is_entity * (1.0 - ops.pad(is_entity, [[0, 0], [1, 0], [0, 0]])[:, :-1])
        ends = is_entity * (1.0 - ops.pad(is_entity, [[0, 0], [0, 1], [0, 0]])[:, 1:])
        known = ops.max(is_entity, 1)
        absent = NEVER * ops.cast(~there, tags.dtype)[..., None]
        of_ends = sum(
            _forgiving(ops.logsumexp(ops.log_softmax(found + absent, 1) + _log(right), 1))
            for found, right in ((firsts, begins), (lasts, ends))
        )
        of_ends = ops.sum(of_ends / 2.0 * known, 1) / ops.maximum(ops.sum(known, 1), 1.0)
        return of_words + OF_ENDS * of_ends


def _log(share: keras.KerasTensor) -> keras.KerasTensor:
    return keras.ops.log(keras.ops.maximum(share, 1e-30))


def _forgiving(log_probability: keras.KerasTensor) -> keras.KerasTensor:
    return (1.0 - keras.ops.exp(FORGIVING * log_probability)) / FORGIVING


def build_metrics() -> list[keras.metrics.Metric]:
    """Return no metric: the learning curves show the loss, fields are put together by the export, and judged there."""
    return []
