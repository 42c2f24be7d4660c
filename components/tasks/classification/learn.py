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
    """Return the cross-entropy of the class's number under the logits; of -1, that of equal probabilities."""
    return _Loss(name="cross_entropy")


class _Loss(keras.losses.Loss):
    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """[batch] numbers, [batch, classes] logits to [batch]."""
        classes, numbers = y_pred.shape[-1], keras.ops.cast(y_true, "int32")
        target = keras.ops.one_hot(numbers, classes)
        target = keras.ops.where(numbers[:, None] < 0, 1.0 / classes, target)
        return keras.ops.categorical_crossentropy(target, y_pred, from_logits=True)


def build_metrics() -> list[keras.metrics.Metric]:
    """Return what the learning curves show beside the loss: the share of right answers, where there is a class."""
    return [_Accuracy(name="accuracy")]


class _Accuracy(keras.metrics.SparseCategoricalAccuracy):
    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        super().update_state(y_true, y_pred, keras.ops.cast(keras.ops.greater_equal(y_true, 0), "float32"))
