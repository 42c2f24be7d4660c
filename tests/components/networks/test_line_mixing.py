"""Frames of a line are mixed with their neighbours, then with all others; two sizes, and both forms of an export."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from tfx_ocr.components.networks import get_network
from tfx_ocr.components.networks.line_mixing import add_feed_forward, add_global_mixing, add_local_mixing
from tfx_ocr.components.recipe import Base, LineImage, Trainer
from tfx_ocr.components.tasks.sequence import learn
from tfx_ocr.components.trainer.portable import convert
from tfx_ocr.data.alphabets import vietnamese

pytestmark = pytest.mark.tfx

FRAMES, WIDTH = 40, 8


def build(name, height, width):
    return get_network(name).build(LineImage(height=height, width=width), Base())


@pytest.mark.parametrize(
    ("name", "height", "width", "features", "frames", "least", "most"),
    [
        ("line_mixing_small", 32, 640, 128, 160, 1_100_000, 1_300_000),
        ("line_mixing_small", 48, 960, 128, 120, 1_100_000, 1_300_000),
        ("line_mixing_large", 64, 1280, 224, 160, 4_900_000, 5_400_000),
    ],
    ids=["small", "small_tall", "large"],
)
def test_frames_and_weights(name, height, width, features, frames, least, most):
    network = build(name, height, width)
    assert network.output.shape == (None, frames, features)
    assert least < network.count_params() < most


@pytest.mark.parametrize(("height", "width", "stride"), [(40, 96, 4), (32, 98, 4), (64, 100, 8)])
def test_a_strip_that_cannot_be_halved_is_refused(height, width, stride):
    with pytest.raises(ValueError, match=f"multiple of 16 .* width that is one of {stride}, not {height} x {width}"):
        build("line_mixing_small", height, width)


def make_model(add, *arguments):
    keras.utils.set_random_seed(1)
    frames = keras.Input((FRAMES, WIDTH))
    return keras.Model(frames, add(frames, *arguments))


def find_changed(model):
    """Return the frames whose features change where those of frame 20 do."""
    given = np.random.default_rng(0).normal(size=(1, FRAMES, WIDTH)).astype(np.float32)
    other = given.copy()
    other[0, 20] += [3, -1, 2, 0, 1, -2, 1, 0]
    changed = np.abs(model(other, training=False).numpy() - model(given, training=False).numpy()).max((0, 2)) > 0
    return np.nonzero(changed)[0].tolist()


def test_local_mixing_reaches_five_frames_either_way():
    assert find_changed(make_model(add_local_mixing)) == list(range(15, 26))


def test_global_mixing_reaches_all_frames():
    assert find_changed(make_model(add_global_mixing, 2)) == list(range(FRAMES))


def test_feed_forward_stays_in_its_frame():
    assert find_changed(make_model(add_feed_forward)) == [20]


def test_global_mixing_does_not_know_the_order_of_the_frames():
    model = make_model(add_global_mixing, 2)
    given = np.random.default_rng(0).normal(size=(1, FRAMES, WIDTH)).astype(np.float32)
    order = np.random.default_rng(1).permutation(FRAMES)
    np.testing.assert_allclose(
        model(given[:, order], training=False), model(given, training=False).numpy()[:, order], atol=1e-5
    )


def test_it_learns_lines_and_its_portable_form_answers_the_same():
    keras.utils.set_random_seed(1)
    base = build("line_mixing_small", 32, 96)
    trainer = Trainer(network="line_mixing_small", units=(), dropout=())
    model, loss = keras.Model(base.input, learn.build_head(base.output, trainer, vietnamese)), learn.build_loss()
    strips = np.random.default_rng(0).uniform(-1, 1, (2, 32, 96, 1)).astype(np.float32)
    truth = np.zeros((2, vietnamese.LONGEST), np.int64)
    truth[0, :3], truth[1, :2] = (5, 6, 7), (9, 9)
    before = [weight.numpy() for weight in model.trainable_variables]
    begun = float(loss(truth, model(strips, training=True)))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    for _ in range(15):
        model.train_on_batch(strips, truth)
    assert float(loss(truth, model(strips, training=True))) < begun * 2 / 3
    for variable, value in zip(model.trainable_variables, before, strict=True):
        if "key/bias" not in variable.path:  # softmax takes what is added to all keys away again
            assert not np.array_equal(variable.numpy(), value), variable.path

    runner = Interpreter(model_content=convert(model)).get_signature_runner()
    np.testing.assert_allclose(runner(pixels=strips)["logits"], model(strips, training=False), atol=1e-4)
