"""Smoothed labels, centres and styles by values worked out by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import Image, Part, Trainer
from tfx_ocr.components.tasks.classification import learn as classification
from tfx_ocr.components.tasks.hybrid import (
    Centres,
    HybridLoss,
    LogitsMetric,
    ReverseGradient,
    add_style,
    find_style_problem,
)
from tfx_ocr.components.tasks.syllables import SIZES, list_heads
from tfx_ocr.components.tasks.syllables import learn as syllables
from tfx_ocr.components.trainer import model as models
from tfx_ocr.data.alphabets import hangul

pytestmark = pytest.mark.tfx

LOGITS = np.log(np.array([[0.5, 0.25, 0.25]], np.float32))
TWO = {"logits": 3}


def settings(**fields):
    return Trainer(network="mlp", **fields)


def test_smoothing_gives_each_class_its_part():
    # label 0 as (0.8, 0.1, 0.1): 0.8 log 2 + 0.2 log 4 = 1.2 log 2
    loss = HybridLoss(classification.build_loss(), TWO, settings(label_smoothing=0.3))
    assert float(loss(np.array([0]), LOGITS)) == pytest.approx(1.2 * np.log(2), abs=1e-6)
    # -1 is a stranger, whose label is equal already: (log 2 + 2 log 4) / 3
    assert float(loss(np.array([-1]), LOGITS)) == pytest.approx(5 / 3 * np.log(2), abs=1e-6)


def test_smoothing_of_three_heads_is_the_sum_of_theirs():
    logits = np.zeros((1, sum(SIZES)), np.float32)  # equal probabilities, whatever the label
    loss = HybridLoss(syllables.build_loss(), list_heads(hangul), settings(label_smoothing=0.2))
    assert float(loss(np.array([[18, 0, 4]]), logits)) == pytest.approx(sum(map(np.log, SIZES)), abs=1e-5)


def test_centres_give_half_the_squared_distance_to_each():
    layer = Centres(3)
    layer.build((None, 2))
    layer.set_weights([np.array([[0, 0], [3, 0], [3, 4]], np.float32)])
    np.testing.assert_allclose(layer(np.array([[3, 0]], np.float32)), [[4.5, 0, 8]])


def test_the_distance_to_the_own_centre_is_added():
    loss = HybridLoss(classification.build_loss(), TWO, settings(centre_loss=0.1))
    with_distances = np.concatenate([LOGITS, [[7, 20, 3]]], 1).astype(np.float32)
    assert float(loss(np.array([1]), with_distances)) == pytest.approx(2 * np.log(2) + 2.0, abs=1e-6)
    assert float(loss(np.array([-1]), with_distances)) == pytest.approx(5 / 3 * np.log(2), abs=1e-6)


def test_three_heads_have_three_centres():
    distances = np.arange(sum(SIZES), dtype=np.float32)
    given = np.concatenate([np.zeros(sum(SIZES), np.float32), distances])[np.newaxis]
    loss = HybridLoss(syllables.build_loss(), list_heads(hangul), settings(centre_loss=1.0))
    expected = sum(map(np.log, SIZES)) + 18 + (19 + 2) + (19 + 21 + 4)
    assert float(loss(np.array([[18, 2, 4]]), given)) == pytest.approx(expected, abs=1e-3)


def test_a_known_style_costs_its_cross_entropy():
    logit = np.log(np.array([[3.0]], np.float32))  # handwritten with probability 3/4
    given = np.concatenate([LOGITS, logit], 1)
    loss = HybridLoss(classification.build_loss(), TWO, settings(adversarial=0.1))
    assert float(loss(np.array([[0, 1]]), given)) == pytest.approx(np.log(2) + np.log(4 / 3), abs=1e-6)
    assert float(loss(np.array([[0, 0]]), given)) == pytest.approx(np.log(2) + np.log(4), abs=1e-6)
    for without in (np.array([[0, -1]]), np.array([0])):  # unknown; as eval's labels come
        assert float(loss(without, given)) == pytest.approx(np.log(2), abs=1e-6)
    # a stranger is in no style, whatever the picture was that it came for
    assert float(loss(np.array([[-1, 1]]), given)) == pytest.approx(5 / 3 * np.log(2), abs=1e-6)


def test_a_style_lies_behind_the_labels_of_three_heads():
    given = np.zeros((1, sum(SIZES) + 1), np.float32)
    loss = HybridLoss(syllables.build_loss(), list_heads(hangul), settings(adversarial=1.0))
    expected = sum(map(np.log, SIZES)) + np.log(2)
    assert float(loss(np.array([[18, 2, 4, 1]]), given)) == pytest.approx(expected, abs=1e-5)


def test_a_gradient_is_turned_round_and_weighted():
    x = tf.Variable([[2.0, -3.0]])
    with tf.GradientTape() as tape:
        found = ReverseGradient(0.25)(x)
        loss = tf.reduce_sum(found * found)
    np.testing.assert_array_equal(found, x)
    np.testing.assert_allclose(tape.gradient(loss, x), [[-1.0, 1.5]])  # of the squares: 4 and -6


def test_the_style_is_learnt_and_unlearnt_below():
    hidden, found = np.array([[1.0, -2.0]], np.float32), {}
    x = keras.Input((2,))
    for weight in (0.5, 2.0):
        keras.utils.set_random_seed(3)
        model, given = keras.Model(x, add_style(x, weight)), tf.Variable(hidden)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(given))
        found[weight] = tape.gradient(loss, [given, *model.trainable_variables])
    (below, *own), (below_twice, *same) = found[0.5], found[2.0]
    np.testing.assert_allclose(below_twice, 4 * below, rtol=1e-5)
    assert np.abs(below).max() > 0
    for one, other in zip(own, same, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("styles", "problem"),
    [
        ([0, 1, -1], None),
        (
            [1, 1, -1, 1],
            "trainer.adversarial needs records of both styles in train: of 4, 0 printed, 3 handwritten "
            "(feature `style`)",
        ),
    ],
)
def test_both_styles_are_needed(styles, problem):
    assert find_style_problem(np.array(styles)) == problem


def test_a_metric_sees_the_logits_alone():
    metric = LogitsMetric(classification.build_metrics()[0], TWO)
    metric.update_state(np.array([0, 2]), np.array([[2, 1, 0, 9, 9, 9], [2, 1, 0, 9, 9, 9]], np.float32))
    assert float(metric.result()) == 0.5
    metric.reset_state()
    metric.update_state(np.array([[0, 1]]), np.array([[2, 1, 0, 9, 9, 9]], np.float32))
    assert float(metric.result()) == 1.0


@pytest.mark.parametrize(
    ("task", "alphabet", "classes"), [("classification", "digits", 10), ("syllables", "hangul", 68)]
)
def test_training_draws_features_to_their_centres_and_exports_logits_alone(task, alphabet, classes):
    keras.utils.set_random_seed(1)
    trainer = Trainer(network="mlp", units=(8,), dropout=(0.0,), centre_loss=0.5, label_smoothing=0.1, adversarial=0.01)
    part = Part(name="t", input=Image(height=16, width=16), task=task, alphabet=alphabet, trainer=trainer)
    exported, _ = models.build(part)
    trained = models.extend_outputs(exported, part)
    assert (exported.output.shape[-1], trained.output.shape[-1]) == (classes, 2 * classes + 1)
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
    labels = np.arange(8) % 4 if classes == 10 else np.array([[n % 4, n % 4, n % 4] for n in range(8)])
    given = np.column_stack([labels, np.arange(8) // 4])  # with a style
    trained.compile(optimizer=keras.optimizers.Adam(0.01), **models.build_losses(part))
    before = trained.predict(pictures, verbose=0)[:, classes:-1]
    for _ in range(100):
        found = trained.train_on_batch(pictures, given, return_dict=True)
    assert set(found) == {"loss", "accuracy"}
    assert found["accuracy"] == 1.0
    assert trained.evaluate(pictures, labels, verbose=0, return_dict=True)["accuracy"] == 1.0
    after = trained.predict(pictures, verbose=0)
    own = np.arange(8), labels if classes == 10 else labels[:, 0]
    others = (after[:, classes:-1].sum(1) - after[:, classes:-1][own]) / (classes - 1)
    assert (after[:, classes:-1][own] < others).all()
    assert not np.array_equal(before, after[:, classes:-1])
    np.testing.assert_allclose(exported.predict(pictures, verbose=0), after[:, :classes], atol=1e-5)


def test_without_centres_the_model_itself_is_trained():
    part = Part(
        name="t", input=Image(height=16, width=16), task="classification", alphabet="digits",
        trainer=Trainer(network="mlp", units=(8,), dropout=(0.0,)),
    )  # fmt: skip
    model, _ = models.build(part)
    assert models.extend_outputs(model, part) is model
