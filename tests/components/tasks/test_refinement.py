"""Heads that answer again, by values worked out by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.components.recipe import Image, Part, Trainer
from tfx_ocr.components.tasks.hybrid import HybridLoss
from tfx_ocr.components.tasks.refinement import add_rounds
from tfx_ocr.components.tasks.syllables import SIZES
from tfx_ocr.components.trainer import model as models

pytestmark = pytest.mark.tfx


def test_a_round_reads_the_features_and_the_answers_of_the_round_before():
    x = keras.Input((1,))
    model = keras.Model(x, add_rounds(x, {"a": 2, "b": 2}, 1))
    first = keras.Model(x, model.get_layer("round_0").output)
    model.get_layer("seen").set_weights([np.array([[1.0]]), np.array([0.0])])
    # of the answers, what head a gives its first class: 8 times that
    model.get_layer("recalled").set_weights([np.array([[8.0], [0.0], [0.0], [0.0]])])
    model.get_layer("a").set_weights([np.array([[np.log(3), 0.0]]), np.zeros(2)])
    model.get_layer("b").set_weights([np.array([[0.0, 1.0]]), np.zeros(2)])
    # 1 gives a the odds 3 to 1, so 3/4; the hidden layer is 1 at first and 1 + 8 * 3/4 = 7 then
    np.testing.assert_allclose(first.predict_on_batch(np.array([[1.0]])), [[np.log(3), 0, 0, 1]], rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(np.array([[1.0]])), [[7 * np.log(3), 0, 0, 7]], rtol=1e-6)


class _First(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return y_pred[:, 0]


def test_the_loss_is_the_mean_of_all_rounds():
    trainer = Trainer(network="mlp", refinements=2, centre_loss=0.5)
    loss = HybridLoss(_First(), {"a": 2}, trainer)
    # logits of the last round, of both before, and distances to the centres, of which the label's is 4
    assert float(loss(np.array([1]), np.array([[1.0, 0, 2, 0, 6, 0, 9, 4]]))) == pytest.approx((1 + 2 + 6) / 3 + 2)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_all_rounds_are_trained_and_the_last_alone_is_exported(precision):
    keras.utils.set_random_seed(1)
    trainer = Trainer(
        network="mlp", units=(8,), dropout=(0.0,), refinements=2, adversarial=0.1, centre_loss=0.1, precision=precision
    )
    part = Part(name="t", input=Image(height=16, width=16), task="syllables", alphabet="hangul", trainer=trainer)
    exported, _ = models.build(part)
    trained = models.extend_outputs(exported, part)
    classes = sum(SIZES)
    assert (exported.output.shape[-1], trained.output.shape[-1]) == (classes, 3 * classes + classes + 1)
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
    labels = np.array([[n % 4, n % 4, n % 4, n % 2] for n in range(8)])
    trained.compile(optimizer=keras.optimizers.Adam(0.02), **models.build_losses(part))
    for _ in range(60):
        found = trained.train_on_batch(pictures, labels, return_dict=True)
    assert found["accuracy"] == 1.0
    of_all = trained.predict_on_batch(pictures)
    plain = models.convert_to_float32(exported, part)
    np.testing.assert_allclose(plain.predict_on_batch(pictures), of_all[:, :classes], atol=0.5)
    for begin in range(0, 3 * classes, classes):
        assert (of_all[:, begin : begin + SIZES[0]].argmax(-1) == labels[:, 0]).all()
