"""Weights stored as float16: half the bytes, and both forms of an export answer as the rounded network does."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from tfx_ocr.components.recipe import Serving
from tfx_ocr.components.trainer import model as models
from tfx_ocr.components.trainer.ensemble import load_member
from tfx_ocr.components.trainer.export import export
from tfx_ocr.components.trainer.rounding import Rounding, round_weights
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


def test_both_forms_are_half_as_large_and_answer_alike(part, transformed, digits, tmp_path):
    of = {
        kind: dataclasses.replace(part(network="small_cnn"), serving=Serving(top_n=3, weights=kind))
        for kind in ("float32", "float16")
    }
    keras.utils.set_random_seed(5)
    network, _ = models.build(of["float32"])
    network.set_weights([weight * 2 if weight.ndim > 1 else weight for weight in network.get_weights()])
    export(network, transformed.graph, of["float32"], str(tmp_path / "float32"))
    round_weights(network, [])
    export(network, transformed.graph, of["float16"], str(tmp_path / "float16"))
    sizes = {
        file: [(tmp_path / kind / file).stat().st_size for kind in of]
        for file in ("variables/variables.data-00000-of-00001", str(PORTABLE))
    }
    assert all(half < 0.6 * whole for whole, half in sizes.values()), sizes
    assert check_loads(tmp_path / "float16") is None
    asked = {"image_bytes": np.array([image for image, _ in digits], object)}
    found = {}
    for kind in of:
        for form in (SAVED_MODEL, PORTABLE):
            with open_folder(tmp_path / kind, forms=(form,)) as model:
                found[kind, form] = model.ask("serve_images", asked)["probabilities"]
                assert model.ask("explain", asked)["heat"].shape == (60, 1, 1)
    np.testing.assert_allclose(found["float16", PORTABLE], found["float16", SAVED_MODEL], atol=1e-3)
    np.testing.assert_allclose(found["float16", SAVED_MODEL], found["float32", SAVED_MODEL], atol=5e-3)
    assert not np.array_equal(found["float16", SAVED_MODEL], found["float32", SAVED_MODEL])
    member = load_member(str(tmp_path / "float16"), of["float32"])  # it can be a member, and be trained on
    for ours, theirs in zip(member.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
