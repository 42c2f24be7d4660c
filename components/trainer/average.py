"""An exponential average of the weights, which is what is judged and exported."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from tfx_ocr.components.trainer.compiled import compile_function


class Average:
    """Shadows of a model's weights, BatchNorm's statistics included: Keras's own leaves those out."""

    def __init__(self, model: keras.Model, momentum: float):
        """Begin at the model's weights.

        Args:
            model: whose weights are followed.
            momentum: share of the old average that is kept at each step, reached from 0.1 over the first ones.
        """
        self._weights = [weight for weight in model.weights if weight.dtype != "uint32"]
        # copies: JAX gives the memory of a step's weights to the next one's
        self.shadows = [keras.Variable(_copy(weight), trainable=False, dtype=weight.dtype) for weight in self._weights]
        self._momentum = momentum
        self._blend = compile_function(_blend)

    def update(self, step: float) -> None:
        """Move towards the weights, after the optimizer's step number `step`, counted from 0."""
        keep = ops.convert_to_tensor(min(self._momentum, (1.0 + step) / (10.0 + step)), "float32")
        blended = self._blend([each.value for each in self.shadows], [each.value for each in self._weights], keep)
        for shadow, value in zip(self.shadows, blended, strict=True):
            shadow.assign(value)

    def swap(self) -> None:
        """Exchange weights and shadows."""
        for shadow, weight in zip(self.shadows, self._weights, strict=True):
            mean, value = _copy(shadow), _copy(weight)
            weight.assign(mean)
            shadow.assign(value)


def _blend(
    shadows: Sequence[keras.KerasTensor], weights: Sequence[keras.KerasTensor], keep: keras.KerasTensor
) -> list[keras.KerasTensor]:
    return [
        shadow - (1.0 - ops.cast(keep, shadow.dtype)) * (shadow - weight)
        for shadow, weight in zip(shadows, weights, strict=True)
    ]


def _copy(variable: keras.Variable) -> np.ndarray:
    return np.array(ops.convert_to_numpy(variable))
