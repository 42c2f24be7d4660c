"""Rounded weights: a half or a quarter of the bytes, and both forms of an export answer as the rounded network does."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import Serving
from tfx_ocr.components.trainer import model as models
from tfx_ocr.components.trainer.ensemble import load_member
from tfx_ocr.components.trainer.export import export
from tfx_ocr.components.trainer.rounding import Rounding, quantize, round_weights
from tfx_ocr.serving.c_loader import check_loads
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder

pytestmark = pytest.mark.tfx


def test_rounding_says_what_it_changes():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    # 1 + 1/4096 is 1 in float16; logits 1.000244 and 1 become 1 and 1, of which the first is the best all the same,
    # and the other way round it is not
    network.set_weights([np.array([[1, 1 + 1 / 4096], [0.5, 0.25]], "float32")])
    found = round_weights(network, [(np.eye(2, dtype="float32"), None)])
    assert found == Rounding(n=2, changed=1, largest_distance=pytest.approx(1 / 4096))
    assert network.get_weights()[0][0].tolist() == [1, 1]


def test_a_weight_too_large_for_float16_is_refused():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([np.array([[1e5]], "float32")])
    with pytest.raises(ValueError, match="a weight is larger than it holds: leave it 'float32'"):
        round_weights(network, [(np.ones((1, 1), "float32"), None)])


def test_rounding_to_int8_leaves_biases_and_takes_a_scale_for_each_channel():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    network.set_weights([np.array([[127.0, 0.0127], [0.6, -0.00444]], "float32"), np.array([0.123, 4.567], "float32")])
    found = round_weights(network, [(np.eye(2, dtype="float32"), None)], "int8")
    kernel, bias = network.get_weights()
    # steps of 1 and of 0.0001: 0.6 is nearest to 1, and 0.00444 to 44 of them
    np.testing.assert_allclose(kernel, [[127, 0.0127], [1, -0.0044]], rtol=2e-5)
    assert bias.tolist() == [np.float32(0.123), np.float32(4.567)]
    assert (found.n, found.changed, found.weights) == (2, 0, "int8")
    assert found.largest_distance == pytest.approx(0.4, abs=0.01)


def test_a_quantized_array_is_exact_and_is_quantized_to_itself():
    weight = np.random.default_rng(3).normal(size=(3, 3, 40, 64)).astype("float32")
    weight[..., 5] = 0
    steps, scales = quantize(weight)
    assert (steps.dtype, steps.shape, scales.shape) == (np.int8, weight.shape, (64,))
    assert np.abs(steps).max((0, 1, 2)).tolist() == [127] * 5 + [0] + [127] * 58
    assert np.abs(steps * scales - weight).max() <= scales.max() * 0.51
    rounded = steps * scales
    assert np.array_equal(rounded.astype(np.float64), steps.astype(np.float64) * scales)
    again, of_these = quantize(rounded)
    np.testing.assert_array_equal(again, steps)
    np.testing.assert_array_equal(of_these, scales)


def test_a_depthwise_kernel_has_a_scale_for_each_channel():
    weight = np.ones((3, 3, 4, 1), "float32") * np.array([1, 2, 4, 8], "float32")[:, None]
    steps, scales = quantize(weight)
    assert (steps == 127).all()
    np.testing.assert_allclose(scales * 127, [[1], [2], [4], [8]], rtol=2e-5)


def test_an_infinite_weight_is_refused():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([np.array([[np.inf]], "float32")])
    with pytest.raises(ValueError, match=r"serving\.weights is 'int8', and a weight is larger than it holds"):
        round_weights(network, [], "int8")


@pytest.mark.parametrize(("kind", "size", "apart", "moved"), [("float16", 0.6, 1e-3, 5e-3), ("int8", 0.35, 1e-5, 0.1)])
def test_both_forms_are_smaller_and_answer_alike(kind, size, apart, moved, part, transformed, digits, tmp_path):
    of = {
        each: dataclasses.replace(part(network="small_cnn"), serving=Serving(top_n=3, weights=each))
        for each in ("float32", kind)
    }
    keras.utils.set_random_seed(5)
    network, _ = models.build(of["float32"])
    network.set_weights([weight * 2 if weight.ndim > 1 else weight for weight in network.get_weights()])
    export(network, transformed.graph, of["float32"], str(tmp_path / "float32"))
    round_weights(network, [], kind)
    export(network, transformed.graph, of[kind], str(tmp_path / kind))
    sizes = {
        file: [(tmp_path / each / file).stat().st_size for each in of]
        for file in ("variables/variables.data-00000-of-00001", str(PORTABLE))
    }
    assert all(small < size * whole for whole, small in sizes.values()), sizes
    assert check_loads(tmp_path / kind) is None
    images = np.array([image for image, _ in digits], object)
    found = {}
    for each in of:
        for form in (SAVED_MODEL, PORTABLE):
            with open_folder(tmp_path / each, forms=(form,)) as model:
                found[each, form] = model.ask("serve_images", {"image_bytes": images})["probabilities"]
                assert model.ask("explain", {"image_bytes": images})["heat"].shape == (60, 1, 1)
    np.testing.assert_allclose(found[kind, PORTABLE], found[kind, SAVED_MODEL], atol=apart)
    np.testing.assert_allclose(found[kind, SAVED_MODEL], found["float32", SAVED_MODEL], atol=moved)
    assert not np.array_equal(found[kind, SAVED_MODEL], found["float32", SAVED_MODEL])
    loaded = [tf.saved_model.load(str(tmp_path / each)) for each in of]  # beside each other, each with its own weights
    for each, one in zip(of, loaded, strict=True):
        answer = one.signatures["serve_images"](image_bytes=tf.constant(list(images)))["probabilities"]
        np.testing.assert_allclose(answer, found[each, SAVED_MODEL], atol=1e-6)
    member = load_member(str(tmp_path / kind), of["float32"])  # it can be a member, and be trained on
    for ours, theirs in zip(member.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
