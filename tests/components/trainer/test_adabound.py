from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.components.trainer.adabound import AdaBound

pytestmark = pytest.mark.tfx


def move(optimizer: AdaBound, gradients: list[float]) -> list[float]:
    variable = keras.Variable([1.0])
    optimizer.build([variable])
    path = []
    for gradient in gradients:
        optimizer.apply([keras.ops.array([gradient])], [variable])
        path.append(float(np.asarray(variable)[0]))
    return path


def test_the_first_step_is_adams_within_wide_bounds():
    # bounds of 0.1 x (1 - 1/1.001) = 0.0000999 and 100.1; Adam's rate 0.001 x sqrt(0.001) / 0.1 / sqrt(0.001 x 4)
    # = 0.005, times the mean of 0.2: 0.001
    assert move(AdaBound(0.001), [2.0]) == pytest.approx([1 - 0.001], abs=1e-6)


def test_bounds_that_are_closed_make_it_momentum():
    # gamma of a million: both bounds are 0.1 at once; means 0.2 and 0.38
    assert move(AdaBound(0.001, gamma=1e6), [2.0, 2.0]) == pytest.approx([0.98, 0.942], abs=1e-5)


def test_a_large_gradient_steps_at_least_by_the_lower_bound():
    # gamma 1: bounds 0.05 and 0.2 in the first step, Adam's rate 0.001 x 0.3162 / (0.03162 x 100) = 0.0001; mean 10
    assert move(AdaBound(0.001, gamma=1.0), [100.0]) == pytest.approx([1 - 0.5], abs=1e-4)


def test_the_final_rate_follows_the_learning_rate():
    assert move(AdaBound(0.01, final_rate=2.0, gamma=1e6), [2.0]) == pytest.approx([1 - 0.02 * 0.2], abs=1e-5)
