"""Head and loss of a line of text: connectionist temporal classification, blank first."""

from __future__ import annotations

import keras
from keras import ops

from tfx_ocr.components.recipe import Trainer
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.components.tasks.sequence import BLANK
from tfx_ocr.data.alphabets import Alphabet

SURE = 20.0  # logit of the blank in a frame of paper, where the characters have 0
IMPOSSIBLE = 1e9  # negative log-likelihood of a text that no alignment gives; finite, so that its gradient is


def build_head(of: keras.KerasTensor, trainer: Trainer, alphabet: Alphabet) -> keras.KerasTensor:
    """Build hidden layers per frame, then logits of blank and the characters: [batch, frames, width] to float32."""
    return keras.layers.Dense(len(alphabet.CHARACTERS) + 1, dtype="float32", name="logits")(
        add_hidden_layers(of, trainer)
    )


def set_blank(logits: keras.KerasTensor, written: keras.KerasTensor) -> keras.KerasTensor:
    """Return logits that are the blank's in the frames where `written`, [batch, frames, 1], is 0."""
    blank = [SURE, *[0.0] * (logits.shape[-1] - 1)]
    return ops.where(ops.cast(written, "bool"), logits, ops.convert_to_tensor(blank, "float32"))


def build_loss() -> keras.losses.Loss:
    """Return the negative log-likelihood of the text over all alignments to the frames.

    Every picture is as wide as the recipe says, its end being paper, so every frame counts; of the labels only what is
    before the padding does. A text of more characters than there are frames teaches nothing.

    Source: Graves et al., "Connectionist Temporal Classification", 2006.
    """
    return _Loss(name="ctc")


class _Loss(keras.losses.Loss):
    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, longest] int, 0 for padding; [batch, frames, characters + 1] logits; to [batch]."""
        compute = compute_by_tensorflow if keras.backend.backend() == "tensorflow" else compute_portably
        return compute(y_true, y_pred)


def compute_portably(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return the loss by the forward algorithm in `keras.ops`, on any backend.

    `keras.losses.CTC` counts padding as frames, and on TensorFlow takes ten times what the network does.

    Args:
        labels: [batch, longest] int, `BLANK` past the text's end.
        logits: [batch, frames, classes] float32.

    Returns:
        [batch] float32; 0 where the text has more characters than the frames can hold.
    """
    labels = ops.cast(labels, "int32")
    count, longest = ops.shape(labels)
    blanks = ops.full_like(labels, BLANK)
    places = ops.reshape(ops.stack([blanks, labels], 2), (count, 2 * longest))  # blank, character, blank, character ...
    places = ops.concatenate([places, blanks[:, :1]], 1)
    chances = ops.take_along_axis(ops.log_softmax(logits), places[:, None, :], 2)  # [batch, frames, places]
    # from a character to the next without a blank between, where they differ
    skips = ops.pad(places[:, :-2], [[0, 0], [2, 0]], constant_values=BLANK) != places
    barred = ops.where(skips & (places != BLANK), 0.0, -IMPOSSIBLE)
    begin = ops.where(ops.arange(2 * longest + 1) < 2, chances[:, 0], -IMPOSSIBLE)

    def advance(paths: keras.KerasTensor, chance: keras.KerasTensor) -> tuple[keras.KerasTensor, None]:
        behind = ops.pad(paths, [[0, 0], [2, 0]], constant_values=-IMPOSSIBLE)
        steps = ops.stack([paths, behind[:, 1:-1], behind[:, :-2] + barred])
        return ops.maximum(ops.logsumexp(steps, 0) + chance, -IMPOSSIBLE), None

    paths, _ = ops.scan(advance, begin, ops.transpose(chances, (1, 0, 2))[1:])
    last = 2 * ops.sum(ops.cast(labels != BLANK, "int32"), 1, keepdims=True)
    ends = ops.concatenate([last, ops.maximum(last - 1, 0)], 1)
    final = ops.take_along_axis(paths, ends, 1)
    final = ops.where(ops.stack([ops.ones_like(last[:, 0]), last[:, 0]], 1) > 0, final, -IMPOSSIBLE)  # no text: blanks
    loss = -ops.logsumexp(final, 1)
    return ops.where(loss < IMPOSSIBLE / 2.0, loss, 0.0)


def compute_by_tensorflow(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return what `compute_portably` does, by TensorFlow's own kernel, which wants blank last and no text empty."""
    import tensorflow as tf

    numbers, frames = tf.cast(labels, tf.int32), tf.fill(tf.shape(logits)[:1], tf.shape(logits)[1])
    is_empty = tf.reduce_all(numbers == BLANK, 1)
    is_text = tf.concat([(numbers[:, :1] != BLANK) | is_empty[:, tf.newaxis], numbers[:, 1:] != BLANK], 1)
    values = tf.maximum(tf.boolean_mask(numbers, is_text) - 1, 0)
    sparse = tf.SparseTensor(tf.where(is_text), values, tf.shape(numbers, tf.int64))
    of_text = tf.compat.v1.nn.ctc_loss(
        sparse, tf.roll(logits, -1, -1), frames, time_major=False, ignore_longer_outputs_than_inputs=True
    )
    of_blanks = -tf.reduce_sum(tf.nn.log_softmax(logits)[:, :, BLANK], 1)
    loss = tf.where(is_empty, of_blanks, of_text)
    return tf.where(tf.math.is_finite(loss), loss, 0.0)


def build_metrics() -> list[keras.metrics.Metric]:
    """Return no metric: the learning curves show the loss, a text is decoded by the export, and judged there."""
    return []
