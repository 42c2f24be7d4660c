from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.pipeline.recipes import get_recipe

pytestmark = pytest.mark.tfx


def test_the_mean_is_that_of_each_weight_of_all_versions(monkeypatch):
    import ship

    def build(part):
        network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        kernel, bias = {"one": ([[1.0], [4.0]], [0.0]), "two": ([[2.0], [0.0]], [3.0])}[part.trainer.initial_weights]
        network.set_weights([np.array(kernel), np.array(bias)])
        return network, []

    monkeypatch.setattr(ship.model, "build", build)
    network, part = ship.build_mean(get_recipe("digits"), ["one", "two"])
    kernel, bias = network.get_weights()
    assert (kernel.tolist(), bias.tolist()) == ([[1.5], [2.0]], [1.5])
    assert part.name == "digits"
