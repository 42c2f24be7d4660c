"""AdaBound: Adam whose steps are clipped to bounds that close around a rate, as SGD has it."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class AdaBound(keras.optimizers.Optimizer):
    """Adam at first, SGD with momentum in the end.

    Source: Luo, Xiong, Liu, Sun, "Adaptive Gradient Methods with Dynamic Bound of Learning Rate", 2019.
    """

    def __init__(self, learning_rate: Any, final_rate: float = 100.0, gamma: float = 1e-3):
        """Set the rates.

        Args:
            learning_rate: Adam's, or a schedule of it.
            final_rate: of SGD, as a multiple of `learning_rate`: 100 is the source's 0.1 for 0.001.
            gamma: how fast the bounds close: after 1 / gamma steps the lower one is at half of `final_rate`.
        """
        super().__init__(learning_rate=learning_rate, name="adabound")
        self._final_rate = final_rate
        self._gamma = gamma

    def build(self, variables: list[keras.Variable]) -> None:
        """Add two moments for each variable."""
        if not self.built:
            super().build(variables)
            self._means = [self.add_variable_from_reference(each, "mean") for each in variables]
            self._squares = [self.add_variable_from_reference(each, "square") for each in variables]

    def update_step(
        self, gradient: keras.KerasTensor, variable: keras.Variable, learning_rate: keras.KerasTensor
    ) -> None:
        """Move a variable by a gradient."""
        rate, gradient = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
        step = ops.cast(self.iterations + 1, variable.dtype)
        place = self._get_variable_index(variable)
        mean, square = self._means[place], self._squares[place]
        self.assign_add(mean, (gradient - mean) * 0.1)
        self.assign_add(square, (gradient * gradient - square) * 0.001)
        corrected = rate * ops.sqrt(1.0 - ops.power(0.999, step)) / (1.0 - ops.power(0.9, step))
        final = self._final_rate * rate
        low, high = final * (1.0 - 1.0 / (self._gamma * step + 1.0)), final * (1.0 + 1.0 / (self._gamma * step))
        self.assign_sub(variable, ops.clip(corrected / (ops.sqrt(square) + 1e-8), low, high) * mean)
