"""What is added to the cross-entropy of classes: smoothed labels, and features that are drawn to their class's centre.

The distances to the centres come behind the logits in the output of the model that is trained; they are in no export.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
from keras import layers, ops

CENTRES = "centres"  # name of a layer


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


class HybridLoss(keras.losses.Loss):
    """A task's loss under smoothed labels, and the distance to the label's centre.

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015, for the smoothing; Wen
    et al., "A Discriminative Feature Learning Approach for Deep Face Recognition", 2016, for the centres.
    """

    def __init__(self, loss: keras.losses.Loss, heads: Mapping[str, int], smoothing: float, centre_loss: float):
        """Keep what the loss is made of.

        Args:
            loss: cross-entropy of labels [batch] or [batch, heads] under logits.
            heads: number of classes by head, in the logits' order.
            smoothing: share of a label's probability that all classes of its head get in equal parts.
            centre_loss: weight of the distances, which then lie behind the logits; 0 without distances.
        """
        super().__init__(name=loss.name)
        self._loss = loss
        self._sizes = tuple(heads.values())
        self._smoothing = smoothing
        self._centre_loss = centre_loss

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return [batch] losses.

        Args:
            y_true: [batch] or [batch, heads] int.
            y_pred: [batch, classes] logits, with distances [batch, 2 * classes].
        """
        classes = sum(self._sizes)
        edges = [sum(self._sizes[:head]) for head in range(len(self._sizes))]
        logits = y_pred[:, :classes]
        found = (1.0 - self._smoothing) * self._loss.call(y_true, logits)
        if self._smoothing:
            for head in ops.split(logits, edges[1:], axis=-1) if edges[1:] else [logits]:
                found = found - self._smoothing * ops.mean(ops.log_softmax(head, -1), -1)
        if self._centre_loss:
            numbers = ops.reshape(ops.cast(y_true, "int32"), (-1, len(edges)))
            places = ops.maximum(numbers, 0) + ops.array(edges, "int32")
            apart = ops.take_along_axis(y_pred[:, classes:], places, 1)
            found = found + self._centre_loss * ops.sum(ops.where(numbers < 0, 0.0, apart), -1)
        return found


class LogitsMetric(keras.metrics.Metric):
    """A task's metric, of the logits alone where distances lie behind them."""

    def __init__(self, metric: keras.metrics.Metric, classes: int):
        super().__init__(name=metric.name)
        self._metric = metric
        self._classes = classes

    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Count a batch."""
        self._metric.update_state(y_true, y_pred[:, : self._classes], sample_weight)

    def result(self) -> keras.KerasTensor:
        """Return the metric of the batches so far."""
        return self._metric.result()

    def reset_state(self) -> None:
        """Begin anew."""
        self._metric.reset_state()
