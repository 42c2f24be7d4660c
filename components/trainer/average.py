"""An exponential average of the weights, which is what is judged and exported."""

from __future__ import annotations

import keras
import tensorflow as tf


class Average:
    """Shadows of a model's weights, BatchNorm's statistics included: Keras's own leaves those out."""

    def __init__(self, model: keras.Model, momentum: float):
        """Begin at the model's weights.

        Args:
            model: whose weights are followed.
            momentum: share of the old average that is kept at each step, reached from 0.1 over the first ones.
        """
        self._weights = [weight.value for weight in model.weights if weight.dtype != "uint32"]
        self.shadows = [tf.Variable(weight, trainable=False) for weight in self._weights]
        self._momentum = momentum
        self._model = model

    @tf.function(reduce_retracing=True)
    def update(self, step: tf.Tensor) -> None:
        """Move towards the weights, after the optimizer's step number `step` (scalar float32, counted from 0)."""
        keep = tf.minimum(self._momentum, (1.0 + step) / (10.0 + step))
        for shadow, weight in zip(self.shadows, self._weights, strict=True):
            shadow.assign_sub((1.0 - tf.cast(keep, shadow.dtype)) * (shadow - weight))

    @tf.function
    def swap(self) -> None:
        """Exchange weights and shadows."""
        for shadow, weight in zip(self.shadows, self._weights, strict=True):
            kept = tf.identity(weight)
            weight.assign(shadow)
            with tf.control_dependencies([kept]):
                shadow.assign(kept)
