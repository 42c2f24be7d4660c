from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.components.networks.pooling import add_pooling
from tfx_ocr.components.recipe import Image, Part, Trainer
from tfx_ocr.components.trainer import model as models

pytestmark = pytest.mark.tfx

# One example, 2 x 2 places, 4 channels of 1, 2, 3, 6 and ten and a hundred times that, and zeros.
MAP = np.zeros((1, 2, 2, 4), np.float32)
MAP[0, :, :, 0] = [[1, 2], [3, 6]]
MAP[0, :, :, 1] = [[10, 20], [30, 60]]
MAP[0, :, :, 2] = [[100, 200], [300, 600]]
AVERAGE = [3, 30, 300, 0]


def build(kind: str) -> keras.Model:
    given = keras.Input((2, 2, 4))
    return keras.Model(given, add_pooling(given, kind))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("average", AVERAGE), ("max", [6, 60, 600, 0]), ("weighted", AVERAGE), ("weighted_output", AVERAGE)],
)
def test_a_pooling_begins_as_an_average_or_is_the_largest(kind, expected):
    np.testing.assert_allclose(build(kind)(MAP).numpy(), [expected])


def test_weighted_has_a_weight_for_each_place_and_channel():
    model = build("weighted")
    factors = np.zeros((2, 2, 4), np.float32)
    factors[0, 1, 0], factors[1, 1, 1], factors[:, :, 2] = 2, -1, 0.5
    model.set_weights([factors])
    np.testing.assert_allclose(model(MAP).numpy(), [[2 * 2 / 4, -60 / 4, 150, 0]])


def test_weighted_output_has_a_weight_for_each_channel():
    model = build("weighted_output")
    model.set_weights([np.array([1, 2, -1, 5], np.float32)])
    np.testing.assert_allclose(model(MAP).numpy(), [[3, 60, -300, 0]])


def test_mixed_keeps_a_quarter_of_the_channels_by_place():
    model = build("mixed")
    kernel, scale, shift, mean, variance = model.get_weights()
    assert kernel.shape == (1, 1, 4, 1)
    one = [np.array([0, 1, 0, 0], np.float32).reshape(kernel.shape), scale, shift, mean, variance - 1e-3]
    model.set_weights(one)
    np.testing.assert_allclose(model(MAP).numpy(), [[10, 20, 30, 60, *AVERAGE]], rtol=1e-5)


def part(network: str, pooling: str) -> Part:
    trainer = Trainer(network=network, pooling=pooling, units=(8,), dropout=(0.0,))
    spec = Image(height=32, width=32)
    return Part(name="digits", input=spec, task="classification", alphabet="digits", trainer=trainer)


@pytest.mark.parametrize(("pooling", "width"), [("average", 128), ("weighted", 128), ("mixed", 2 * 2 * 32 + 128)])
def test_a_recipe_replaces_the_pooling_of_its_network(pooling, width):
    model, base = models.build(part("residual_cnn", pooling))
    assert base[-1].output.shape == (None, width)
    assert {layer.name for layer in base} < {layer.name for layer in model.layers}


def test_the_own_pooling_of_residual_cnn_is_mixed():
    own, _ = models.build(part("residual_cnn", ""))
    mixed, _ = models.build(part("residual_cnn", "mixed"))
    assert [weight.shape for weight in own.weights] == [weight.shape for weight in mixed.weights]
