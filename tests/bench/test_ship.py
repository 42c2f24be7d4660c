from __future__ import annotations

import dataclasses
import json

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


def test_the_calibration_of_one_version_is_kept_and_of_several_left_out(tmp_path):
    import ship

    from tfx_ocr.components.artifacts import CALIBRATION_FILE

    found = {"temperature": 1.3, "n": 7, "wrong": 2, "before": 0.2, "after": 0.1}
    path = tmp_path / "one" / CALIBRATION_FILE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(found))
    assert dataclasses.asdict(ship.read_calibration([str(tmp_path / "one")])) == found
    assert ship.read_calibration([str(tmp_path / "one"), str(tmp_path / "two")]) is None
    assert ship.read_calibration([str(tmp_path / "two")]) is None
