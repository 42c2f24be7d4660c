"""What is added to the cross-entropy of classes: smoothed labels, centres of classes, a style that is unlearnt.

What these need comes behind the logits in the output of the model that is trained, in the order of `HybridLoss`; it is
in no export.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers, ops

from tfx_ocr.components.recipe import Trainer
from tfx_ocr.data import features

CENTRES, STYLE = "centres", "style"  # names of layers
STYLE_UNITS = 128  # of the hidden layer that tells styles apart


class Centres(layers.Layer):
    """Half the squared distances to the centre of each class: [batch, width] to [batch, classes].

    The centres begin at 0 and are learnt like other weights, where the source moves them by a rule of their own.

    Source: Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition", 2016.
    """

    def __init__(self, count: int):
        super().__init__(name=CENTRES, dtype="float32")
        self._count = count

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Add the centres."""
        self._centres = self.add_weight(shape=(self._count, shape[-1]), initializer="zeros", name="centres")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Measure the distances."""
        squares = ops.sum(x * x, -1, keepdims=True) + ops.sum(self._centres * self._centres, -1)
        return squares / 2 - ops.matmul(x, ops.transpose(self._centres))


class ReverseGradient(layers.Layer):
    """Features as they are, whose gradient is turned round and weighted: [batch, width] to the same.

    It is written as a sum of which the gradient sees one half alone, so that every backend of Keras computes it.

    Source: Ganin, Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", 2015.
    """

    def __init__(self, weight: float):
        super().__init__(dtype="float32")
        self._weight = weight

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return x."""
        value = ops.stop_gradient(x)
        return value + self._weight * (value - x)


def add_style(hidden: keras.KerasTensor, weight: float) -> keras.KerasTensor:
    """Add what tells printed from handwritten: [batch, width] to [batch, 1] logits of the second.

    It learns to tell them apart, and the features below it, by the reversed gradient, to leave it nothing to tell. The
    source trains both in turn; here they are trained in one step.

    Args:
        hidden: features that heads read.
        weight: of the reversed gradient against that of the labels.

    Source: Zhang, Liang, Nie, Liu, Peng, "Robust offline handwritten character recognition through exploring
    writer-independent features under the guidance of printed data", 2018 (adversarial feature learning).
    """
    x = layers.Dense(STYLE_UNITS, activation="relu", dtype="float32")(ReverseGradient(weight)(hidden))
    return layers.Dense(1, dtype="float32", name=STYLE)(x)


class HybridLoss(keras.losses.Loss):
    """A task's loss under smoothed labels, the distance to the label's centre, and the loss of the style.

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015, for the smoothing; Wen
    et al., "A Discriminative Feature Learning Approach for Deep Face Recognition", 2016, for the centres; `add_style`.
    """

    def __init__(self, loss: keras.losses.Loss, heads: Mapping[str, int], trainer: Trainer):
        """Keep what the loss is made of.

        Args:
            loss: cross-entropy of labels [batch] or [batch, heads] under logits.
            heads: number of classes by head, in the logits' order.
            trainer: `label_smoothing`, `refinements`, `centre_loss` and `adversarial`; without one of the last three
                the outputs lack what it needs.
        """
        super().__init__(name=loss.name)
        self._loss = loss
        self._sizes = tuple(heads.values())
        self._trainer = trainer

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return [batch] losses.

        Args:
            y_true: [batch] or [batch, heads] int; in training with `adversarial` [batch, heads + 1], a style behind the
                labels (place in `features.STYLES`), -1 where unknown.
            y_pred: [batch, classes] logits, those of each round before [batch, classes], whose losses count as much,
                distances [batch, classes], logits of the style [batch, 1].
        """
        trainer, classes = self._trainer, sum(self._sizes)
        edges = [sum(self._sizes[:head]) for head in range(len(self._sizes))]
        labels, end = select_labels(y_true, len(edges)), classes * (trainer.refinements + 1)
        found = 0.0
        for begin in range(0, end, classes):
            logits = y_pred[:, begin : begin + classes]
            found = found + (1.0 - trainer.label_smoothing) * self._loss.call(labels, logits)
            if trainer.label_smoothing:
                for head in ops.split(logits, edges[1:], axis=-1) if edges[1:] else [logits]:
                    found = found - trainer.label_smoothing * ops.mean(ops.log_softmax(head, -1), -1)
        found = found / (trainer.refinements + 1)
        numbers = ops.reshape(ops.cast(labels, "int32"), (-1, len(edges)))
        if trainer.centre_loss:
            places = ops.maximum(numbers, 0) + ops.array(edges, "int32")
            apart = ops.take_along_axis(y_pred[:, end:], places, 1)
            found = found + trainer.centre_loss * ops.sum(ops.where(numbers < 0, 0.0, apart), -1)
        if trainer.adversarial and len(y_true.shape) == 2 and y_true.shape[1] == len(edges) + 1:
            style, logit = ops.cast(y_true[:, -1], "float32"), y_pred[:, -1]
            of_style = ops.softplus(logit) - style * logit
            found = found + ops.where((style < 0) | ops.any(numbers < 0, -1), 0.0, of_style)
        return found


def find_style_problem(styles: np.ndarray) -> str | None:
    """Return why styles cannot be told apart, as a clause; None where both are there.

    Args:
        styles: [records of train] int, places in `features.STYLES`.
    """
    counts = {name.decode(): int(np.count_nonzero(styles == place)) for place, name in enumerate(features.STYLES)}
    if all(counts.values()):
        return None
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return f"trainer.adversarial needs records of both styles in train: of {len(styles):,}, {told} (feature `style`)"


def select_labels(y_true: keras.KerasTensor, heads: int) -> keras.KerasTensor:
    """Return labels without the style behind them: [batch], or of several heads [batch, heads]."""
    if len(y_true.shape) == 1:
        return y_true
    return y_true[:, :heads] if heads > 1 else y_true[:, 0]


class LogitsMetric(keras.metrics.Metric):
    """A task's metric, of the logits and labels alone where something lies behind them."""

    def __init__(self, metric: keras.metrics.Metric, heads: Mapping[str, int]):
        super().__init__(name=metric.name)
        self._metric = metric
        self._heads = heads

    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Count a batch."""
        labels, logits = select_labels(y_true, len(self._heads)), y_pred[:, : sum(self._heads.values())]
        self._metric.update_state(labels, logits, sample_weight)

    def result(self) -> keras.KerasTensor:
        """Return the metric of the batches so far."""
        return self._metric.result()

    def reset_state(self) -> None:
        """Begin anew."""
        self._metric.reset_state()
