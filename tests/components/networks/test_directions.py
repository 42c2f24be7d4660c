from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from tfx_ocr.components.networks import get_network
from tfx_ocr.components.networks.directions import DirectionPlanes, check_planes
from tfx_ocr.components.recipe import Base, Image
from tfx_ocr.components.trainer import portable
from tfx_ocr.serving.portable.network import Worker

pytestmark = pytest.mark.tfx

SIDE = 6


def ramp(degrees):
    """Draw a plane that gets lighter by 1 a pixel in a direction, clockwise from the right."""
    down, right = np.mgrid[:SIDE, :SIDE]
    angle = math.radians(degrees)
    return (right * math.cos(angle) + down * math.sin(angle)).astype(np.float32)[np.newaxis, :, :, np.newaxis]


@pytest.mark.parametrize(
    ("degrees", "planes"),
    [
        (0, {0: 1.0}),
        (90, {2: 1.0}),
        (225, {5: 1.0}),
        # halfway between two directions, 45 degrees apart: 2 x cos(22.5) of each makes 1
        (22.5, {0: 0.5 / math.cos(math.pi / 8), 1: 0.5 / math.cos(math.pi / 8)}),
        (-15, {7: math.sin(math.radians(15)) * math.sqrt(2), 0: math.sin(math.radians(30)) * math.sqrt(2)}),
    ],
)
def test_a_gradient_goes_to_its_two_directions(degrees, planes):
    found = keras.ops.convert_to_numpy(DirectionPlanes()(ramp(degrees)))
    assert found.shape == (1, SIDE, SIDE, 8)
    expected = np.zeros(8)
    expected[list(planes)] = list(planes.values())
    np.testing.assert_allclose(found[0, 2, 3], expected, atol=1e-5)


def test_paper_and_its_edges_have_no_direction():
    paper = np.full((1, SIDE, SIDE, 1), 0.7, np.float32)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(DirectionPlanes()(paper)), 0.0, atol=1e-6)


@pytest.mark.parametrize("name", ["small_cnn", "residual_cnn", "melnyk", "mlp", "mobilenet_v3_small"])
def test_networks_begin_with_the_planes_and_still_take_a_picture(name):
    image = Image(height=64, width=64, planes="directions")
    network = get_network(name).build(image, Base())
    assert network.input.shape == (None, 64, 64, 1)
    check_planes(network, image)
    plain = get_network(name).build(Image(height=64, width=64), Base())
    with pytest.raises(ValueError, match="does not begin with them"):
        check_planes(plain, image)


def test_the_converted_network_has_the_planes_too():
    picture = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(picture, keras.layers.Flatten()(DirectionPlanes()(picture)))
    worker = Worker(portable.convert(model), 1)
    worker.load()
    np.testing.assert_allclose(worker.run({"pixels": ramp(30)}), model(ramp(30)), atol=1e-5)
