"""Head, loss and training metrics of a classification."""

from __future__ import annotations

import keras

from tfx_ocr.components.recipe import Trainer
from tfx_ocr.components.tasks.hidden import add_hidden_layers
from tfx_ocr.data.alphabets import Alphabet


def build_head(of: keras.KerasTensor, trainer: Trainer, alphabet: Alphabet) -> keras.KerasTensor:
    """Build hidden layers with dropout, then one logit per class: [batch, width] to [batch, classes] float32."""
    return keras.layers.Dense(len(alphabet.CLASSES), dtype="float32", name="logits")(add_hidden_layers(of, trainer))


def build_loss() -> keras.losses.Loss:
    """Return the cross-entropy of the class's number under the logits."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def build_metrics() -> list[keras.metrics.Metric]:
    """Return what the learning curves show beside the loss."""
    return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
