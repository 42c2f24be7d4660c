from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.components.networks import NETWORKS, network
from tfx_ocr.components.recipe import Base, ImageSpec, Trainer
from tfx_ocr.components.tasks import classification
from tfx_ocr.data.alphabets import digits

pytestmark = pytest.mark.tfx

GREY = ImageSpec(height=75, width=75)
FEATURES = {"small_cnn": 128, "mlp": 512, "inception_v3": 2048}


@pytest.fixture(scope="module")
def inception():
    keras.utils.set_random_seed(1)
    return network("inception_v3").build(GREY, Base())


@pytest.fixture
def built(request):
    """`built("mlp")`; InceptionV3 takes seconds and is built once."""
    return lambda name: (
        request.getfixturevalue("inception") if name == "inception_v3" else network(name).build(GREY, Base())
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_gives_what_it_declares_and_learns(built, name):
    base = built(name)
    assert network(name).GIVES == "vector"
    assert base.input.shape == (None, 75, 75, 1)
    assert base.output.shape == (None, FEATURES[name])
    trainer = Trainer(network=name, units=(8,), dropout=(0.2,))
    model = keras.Model(base.input, classification.head(base.output, trainer, digits))
    before = [variable.numpy() for variable in base.trainable_variables]
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=classification.loss(), run_eagerly=True)
    pictures = np.random.default_rng(0).uniform(-1, 1, (4, 75, 75, 1)).astype(np.float32)
    assert np.isfinite(model.train_on_batch(pictures, np.array([0, 1, 2, 3])))
    after = [variable.numpy() for variable in base.trainable_variables]
    assert not np.array_equal(before[0], after[0])  # the gradient reaches the first layer


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - {"inception_v3"}))
@pytest.mark.parametrize("spec", [ImageSpec(height=32, width=32, channels=3), ImageSpec(height=28, width=40)])
def test_colour_and_other_sizes(name, spec):
    base = network(name).build(spec, Base())
    assert base.input.shape == (None, spec.height, spec.width, spec.channels)
    assert base.output.shape == (None, FEATURES[name])


def test_small_cnn_with_its_head_is_small():
    base = network("small_cnn").build(GREY, Base())
    head = classification.head(base.output, Trainer(network="small_cnn", units=(128, 64)), digits)
    assert keras.Model(base.input, head).count_params() < 300_000


def test_mlp_has_the_weights_it_says():
    assert network("mlp").build(GREY, Base()).count_params() == 625 * 512 + 512


def test_inceptions_base_weights_by_path_are_what_it_computes_with(inception, tmp_path):
    path = str(tmp_path / "base.weights.h5")
    inception.save_weights(path)
    keras.utils.set_random_seed(2)
    loaded = network("inception_v3").build(GREY, Base(weights=path))
    for weight, expected in zip(loaded.get_weights(), inception.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert "mixed7" in {layer.name for layer in loaded.layers}  # where fine-tuning may begin


def test_base_weights_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"base\.weights\.h5"):
        network("inception_v3").build(GREY, Base(weights=str(tmp_path / "base.weights.h5")))


@pytest.mark.parametrize("spec", [ImageSpec(height=74, width=75), ImageSpec(height=75, width=32)])
def test_inception_refuses_small_pictures(spec):
    with pytest.raises(ValueError, match=f"75 x 75 or more, not {spec.height} x {spec.width}"):
        network("inception_v3").build(spec, Base())


def test_unknown_network_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="no network 'resnet'; known: inception_v3, mlp, small_cnn"):
        network("resnet")
