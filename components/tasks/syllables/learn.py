"""Three heads over one picture's features, and the loss and the training metric of the syllable they spell."""

from __future__ import annotations

import keras

from tfx_ocr.components.recipe import Trainer
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.components.tasks.refinement import add_rounds
from tfx_ocr.components.tasks.syllables import PARTS, SIZES
from tfx_ocr.data.alphabets import Alphabet


def build_head(of: keras.KerasTensor, trainer: Trainer, alphabet: Alphabet) -> keras.KerasTensor:
    """Build shared hidden layers with dropout, then logits of each jamo: [batch, width] to [batch, 68] float32.

    With `trainer.refinements` each jamo is answered again in the light of the others.
    """
    x = add_hidden_layers(of, trainer)
    if trainer.refinements:
        return add_rounds(x, dict(zip(PARTS, SIZES, strict=True)), trainer.refinements)
    heads = [keras.layers.Dense(size, dtype="float32", name=name) for name, size in zip(PARTS, SIZES, strict=True)]
    return keras.layers.Concatenate(name="logits", dtype="float32")([each(x) for each in heads])


def build_loss() -> keras.losses.Loss:
    """Return the sum of the three heads' cross-entropies: the negative log-likelihood of the syllable."""
    return _Loss(name="syllable")


class _Loss(keras.losses.Loss):
    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch, 3] int, [batch, 68] logits to [batch]."""
        each = [
            keras.ops.sparse_categorical_crossentropy(y_true[:, place], logits, from_logits=True)
            for place, logits in enumerate(_heads(y_pred))
        ]
        return each[0] + each[1] + each[2]


def build_metrics() -> list[keras.metrics.Metric]:
    """Return what the learning curves show beside the loss: how often all three jamo are right."""
    return [keras.metrics.MeanMetricWrapper(_right, name="accuracy")]


def _right(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    found = keras.ops.stack([keras.ops.argmax(logits, -1) for logits in _heads(y_pred)], 1)
    same = keras.ops.equal(keras.ops.cast(found, "int32"), keras.ops.cast(y_true, "int32"))
    return keras.ops.cast(keras.ops.all(same, 1), "float32")


def _heads(logits: keras.KerasTensor) -> list[keras.KerasTensor]:
    """[batch, 68] to [batch, 19], [batch, 21], [batch, 28]."""
    return keras.ops.split(logits, [SIZES[0], SIZES[0] + SIZES[1]], axis=-1)
