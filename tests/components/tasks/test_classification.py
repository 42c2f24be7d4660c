from __future__ import annotations

import math
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.evaluator import metrics
from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.report import mistakes, sections
from tfx_ocr.components.tasks import TASKS, get_task
from tfx_ocr.components.tasks.classification import graph, learn

pytestmark = pytest.mark.tfx

ABC = SimpleNamespace(CLASSES=("a", "b", "c"))
# softmax of ln 1, ln 3, ln 6 is 0.1, 0.3, 0.6
LOGITS = tf.constant([[0.0, math.log(3), math.log(6)], [math.log(6), 0.0, math.log(3)]])


def test_answers_are_the_best_classes_first():
    found = graph.decode(LOGITS, {}, ABC, Serving(top_n=2))
    assert found["label"].numpy().tolist() == [b"c", b"a"]
    np.testing.assert_allclose(found["probability"], [0.6, 0.6], atol=1e-6)
    assert found["labels"].numpy().tolist() == [[b"c", b"b"], [b"a", b"c"]]
    np.testing.assert_allclose(found["probabilities"], [[0.6, 0.3], [0.6, 0.3]], atol=1e-6)


def test_fewer_classes_than_asked_for_are_all_answered():
    found = graph.decode(LOGITS, {}, ABC, Serving(top_n=5))
    assert found["labels"].numpy().tolist() == [[b"c", b"b", b"a"], [b"a", b"c", b"b"]]
    np.testing.assert_allclose(found["probabilities"], [[0.6, 0.3, 0.1]] * 2, atol=1e-6)


def test_encode_numbers_labels_in_the_alphabets_order(monkeypatch):
    monkeypatch.setattr(graph.tft, "make_and_track_object", lambda make: make())
    encoded = graph.encode({"label": tf.constant([["c"], ["a"], ["b"], ["z"], [""]])}, ABC)
    assert set(encoded) == {"label_xf"}
    assert encoded["label_xf"].numpy().tolist() == [[2], [0], [1], [-1], [-1]]
    assert encoded["label_xf"].dtype == tf.int64


def test_head_has_the_hidden_layers_and_a_logit_a_class():
    features = keras.Input((4,))
    model = keras.Model(
        features, learn.build_head(features, Trainer(network="any", units=(5, 6), dropout=(0.3, 0.4)), ABC)
    )
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [5, 6, 3]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.3, 0.4]
    assert model.output.shape == (None, 3)
    # 4 x 5 + 5, 5 x 6 + 6, 6 x 3 + 3
    assert model.count_params() == 25 + 36 + 21


def test_head_needs_a_dropout_for_each_hidden_layer():
    with pytest.raises(ValueError, match="zip"):
        learn.build_head(keras.Input((4,)), Trainer(network="any", units=(5, 6), dropout=(0.3,)), ABC)


def test_loss_is_the_cross_entropy_of_the_right_class():
    loss = float(learn.build_loss()(tf.constant([2, 1]), LOGITS))
    assert loss == pytest.approx(-(math.log(0.6) + math.log(0.1)) / 2, abs=1e-6)


def test_loss_of_a_stranger_is_the_cross_entropy_to_equal_probabilities():
    loss = learn.build_loss()
    stranger = -(math.log(0.1) + math.log(0.3) + math.log(0.6)) / 3
    assert float(loss(tf.constant([-1]), LOGITS[:1])) == pytest.approx(stranger, abs=1e-6)
    # least where the answers are equally probable: ln 3
    assert float(loss(tf.constant([-1]), tf.zeros([1, 3]))) == pytest.approx(math.log(3), abs=1e-6)
    assert float(loss(tf.constant([-1, 1]), LOGITS)) == pytest.approx((stranger - math.log(0.1)) / 2, abs=1e-6)


def test_accuracy_is_the_share_of_right_answers_where_there_is_a_class():
    (accuracy,) = learn.build_metrics()
    accuracy.update_state(tf.constant([2, 1, -1]), tf.concat([LOGITS, LOGITS[:1]], 0))
    assert (accuracy.name, float(accuracy.result())) == ("accuracy", 0.5)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_what_the_steps_call_and_names_what_is_there(name):
    task = get_task(name)
    parts = ("build_head", "build_loss", "build_metrics")
    assert all(callable(getattr(task.load_learn(), part)) for part in parts)
    parts = ("encode", "get_feature_spec", "decode", "find_problem")
    assert all(callable(getattr(task.load_graph(), part)) for part in parts)
    assert set(task.compared) <= set(task.outputs)
    assert callable(mistakes.get_finder(task.mistakes))
    assert set(sections.get_sections(task.sections)) > set(task.sections)
    assert metrics.get_metrics(task.metrics).NAMES


def test_unknown_task_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no task 'guess'; known: .*classification"):
        get_task("guess")
