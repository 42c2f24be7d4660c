"""Smoothed labels and centres by values worked out by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.components.recipe import Image, Part, Trainer
from tfx_ocr.components.tasks.classification import learn as classification
from tfx_ocr.components.tasks.hybrid import Centres, HybridLoss, LogitsMetric
from tfx_ocr.components.tasks.syllables import SIZES, list_heads
from tfx_ocr.components.tasks.syllables import learn as syllables
from tfx_ocr.components.trainer import model as models
from tfx_ocr.data.alphabets import hangul

pytestmark = pytest.mark.tfx

LOGITS = np.log(np.array([[0.5, 0.25, 0.25]], np.float32))
TWO = {"logits": 3}


def test_smoothing_gives_each_class_its_part():
    # label 0 as (0.8, 0.1, 0.1): 0.8 log 2 + 0.2 log 4 = 1.2 log 2
    loss = HybridLoss(classification.build_loss(), TWO, 0.3, 0.0)
    assert float(loss(np.array([0]), LOGITS)) == pytest.approx(1.2 * np.log(2), abs=1e-6)
    # -1 is a stranger, whose label is equal already: (log 2 + 2 log 4) / 3
    assert float(loss(np.array([-1]), LOGITS)) == pytest.approx(5 / 3 * np.log(2), abs=1e-6)


def test_smoothing_of_three_heads_is_the_sum_of_theirs():
    logits = np.zeros((1, sum(SIZES)), np.float32)  # equal probabilities, whatever the label
    loss = HybridLoss(syllables.build_loss(), list_heads(hangul), 0.2, 0.0)
    assert float(loss(np.array([[18, 0, 4]]), logits)) == pytest.approx(sum(map(np.log, SIZES)), abs=1e-5)


def test_centres_give_half_the_squared_distance_to_each():
    layer = Centres(3)
    layer.build((None, 2))
    layer.set_weights([np.array([[0, 0], [3, 0], [3, 4]], np.float32)])
    np.testing.assert_allclose(layer(np.array([[3, 0]], np.float32)), [[4.5, 0, 8]])


def test_the_distance_to_the_own_centre_is_added():
    loss = HybridLoss(classification.build_loss(), TWO, 0.0, 0.1)
    with_distances = np.concatenate([LOGITS, [[7, 20, 3]]], 1).astype(np.float32)
    assert float(loss(np.array([1]), with_distances)) == pytest.approx(2 * np.log(2) + 2.0, abs=1e-6)
    assert float(loss(np.array([-1]), with_distances)) == pytest.approx(5 / 3 * np.log(2), abs=1e-6)


def test_three_heads_have_three_centres():
    distances = np.arange(sum(SIZES), dtype=np.float32)
    given = np.concatenate([np.zeros(sum(SIZES), np.float32), distances])[np.newaxis]
    loss = HybridLoss(syllables.build_loss(), list_heads(hangul), 0.0, 1.0)
    expected = sum(map(np.log, SIZES)) + 18 + (19 + 2) + (19 + 21 + 4)
    assert float(loss(np.array([[18, 2, 4]]), given)) == pytest.approx(expected, abs=1e-3)


def test_a_metric_sees_the_logits_alone():
    metric = LogitsMetric(classification.build_metrics()[0], 3)
    metric.update_state(np.array([0, 2]), np.array([[2, 1, 0, 9, 9, 9], [2, 1, 0, 9, 9, 9]], np.float32))
    assert float(metric.result()) == 0.5
    metric.reset_state()
    metric.update_state(np.array([0]), np.array([[2, 1, 0, 9, 9, 9]], np.float32))
    assert float(metric.result()) == 1.0


@pytest.mark.parametrize(
    ("task", "alphabet", "classes"), [("classification", "digits", 10), ("syllables", "hangul", 68)]
)
def test_training_draws_features_to_their_centres_and_exports_logits_alone(task, alphabet, classes):
    keras.utils.set_random_seed(1)
    trainer = Trainer(network="mlp", units=(8,), dropout=(0.0,), centre_loss=0.5, label_smoothing=0.1)
    part = Part(name="t", input=Image(height=16, width=16), task=task, alphabet=alphabet, trainer=trainer)
    exported, _ = models.build(part)
    trained = models.add_centres(exported, part)
    assert (exported.output.shape[-1], trained.output.shape[-1]) == (classes, 2 * classes)
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
    labels = np.arange(8) % 4 if classes == 10 else np.array([[n % 4, n % 4, n % 4] for n in range(8)])
    trained.compile(optimizer=keras.optimizers.Adam(0.01), **models.build_losses(part))
    before = trained.predict(pictures, verbose=0)[:, classes:]
    for _ in range(100):
        found = trained.train_on_batch(pictures, labels, return_dict=True)
    assert set(found) == {"loss", "accuracy"}
    assert found["accuracy"] == 1.0
    after = trained.predict(pictures, verbose=0)
    own = np.arange(8), labels if classes == 10 else labels[:, 0]
    others = (after[:, classes:].sum(1) - after[:, classes:][own]) / (classes - 1)
    assert (after[:, classes:][own] < others).all()
    assert not np.array_equal(before, after[:, classes:])
    np.testing.assert_allclose(exported.predict(pictures, verbose=0), after[:, :classes], atol=1e-5)


def test_without_centres_the_model_itself_is_trained():
    part = Part(
        name="t", input=Image(height=16, width=16), task="classification", alphabet="digits",
        trainer=Trainer(network="mlp", units=(8,), dropout=(0.0,)),
    )  # fmt: skip
    model, _ = models.build(part)
    assert models.add_centres(model, part) is model
