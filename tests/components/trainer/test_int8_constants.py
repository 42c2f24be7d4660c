"""A TFLite network's rounded weights become int8, and its answers stay what they were."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from tfx_ocr.components.trainer.int8_constants import find_steps, quantize_constants
from tfx_ocr.components.trainer.portable import convert
from tfx_ocr.components.trainer.rounding import round_weights

pytestmark = pytest.mark.tfx

INT8 = schema.TensorType.INT8


def build():
    """Build a network with every kind of kernel and norms whose scales are of either sign."""
    keras.utils.set_random_seed(7)
    taken = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(64, 3, use_bias=False)(taken)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.DepthwiseConv2D(5, use_bias=False)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Flatten()(keras.layers.ReLU()(x))
    network = keras.Model(taken, keras.layers.Dense(10)(x))
    rng = np.random.default_rng(7)
    network.set_weights(
        [rng.normal(1, 2, w.shape) if w.ndim == 1 and "var" not in v.path else np.abs(w) if w.ndim == 1 else w
         for v, w in zip(network.weights, network.get_weights(), strict=True)]
    )  # fmt: skip
    return network


def ask(content, pixels):
    runner = Interpreter(model_content=content).get_signature_runner()
    return runner(pixels=pixels)["logits"]


def list_types(content):
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    return [(tensor.type, tensor.shape.tolist()) for tensor in model.subgraphs[0].tensors if tensor.type == INT8]


def test_rounded_kernels_become_int8_through_the_norms_behind_them():
    network = build()
    pixels = np.random.default_rng(8).normal(size=(5, 12, 12, 3)).astype("float32")
    assert list_types(quantize_constants(convert(network))) == []  # not rounded: nothing is exact, nothing changes
    round_weights(network, [], "int8")
    whole = convert(network)
    small = quantize_constants(whole)
    shapes = [shape for _, shape in list_types(small)]
    assert sorted(shapes) == [[1, 5, 5, 64], [10, 2304], [64, 3, 3, 3]]
    assert len(small) < 0.4 * len(whole)
    for rows in (1, 5, 1):
        expected = ask(whole, pixels[:rows])
        np.testing.assert_allclose(ask(small, pixels[:rows]), expected, atol=1e-5 * np.abs(expected).max())


def test_steps_are_found_along_whatever_dimension_has_them():
    rng = np.random.default_rng(9)
    steps = rng.integers(-127, 128, (40, 30)).astype("int8")
    steps[0], steps[:, 0] = 127, -127
    scales = rng.uniform(0.01, 3, 30).astype("float32")
    found, of_these, axis = find_steps(steps * scales)
    assert axis == 1
    np.testing.assert_array_equal(found, steps)
    np.testing.assert_allclose(of_these, scales, rtol=1e-6)
    assert find_steps((steps * scales).T)[2] == 0
    assert find_steps(rng.normal(size=(40, 30)).astype("float32")) is None
    assert find_steps((steps * scales)[:5]) is None  # small
