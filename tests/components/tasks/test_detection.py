from __future__ import annotations

import math
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import PageImage, Serving, Trainer
from tfx_ocr.components.tasks.detection import graph, learn
from tfx_ocr.data.alphabets import shapes
from tfx_ocr.serving.portable.answers import decode_detection

pytestmark = pytest.mark.tfx

BOX = [10.0, 20.0, 50.0, 20.0, 50.0, 40.0, 10.0, 40.0]


def make_sparse(rows, dtype):
    return tf.ragged.constant(rows, dtype, ragged_rank=1).to_sparse()


def test_shapes_are_encoded_as_shares_of_the_longer_side(monkeypatch):
    monkeypatch.setattr(graph.tft, "make_and_track_object", lambda build: build())  # no graph of Transform around
    inputs = {
        "shapes": make_sparse([["word"], [], ["line", "digit"]], tf.string),
        "polygons": make_sparse([BOX, [], BOX + BOX], tf.float32),
        "page_size": make_sparse([[100.0, 50.0], [10.0, 10.0], [50.0, 200.0]], tf.float32),
    }
    found = tf.RaggedTensor.from_sparse(graph.encode(inputs, shapes)["label_xf"]).to_list()
    assert found[0] == pytest.approx([1, *(number / 100 for number in BOX)])
    assert found[1] == []
    assert found[2] == pytest.approx([0, *(number / 200 for number in BOX), 2, *(number / 200 for number in BOX)])


def test_targets_are_drawn_a_page_each():
    row = [0.0, *(number / 64 for number in BOX)]
    labels = tf.constant([row, [-1.0] * 9])
    found = graph.draw_targets(labels, PageImage(side=64), shapes).numpy()
    assert (found.shape, found.dtype) == ((2, 16, 16, 6), np.uint8)
    assert found[0, 7, 7, 0] == 250
    assert (found[1, ..., 0] == 0).all()
    assert (found[..., 1] == 255).all()


def test_labels_of_empty_pages_alone_have_no_rows():
    found = graph.draw_targets(tf.constant([[-1.0], [-1.0]]), PageImage(side=64), shapes).numpy()
    assert (found[..., 0] == 0).all()


def make_logits():
    return np.random.default_rng(1).normal(size=(2, 3, 4, 6)).astype(np.float32)


def test_maps_are_answered_by_kind_and_the_portable_form_answers_alike():
    logits = make_logits()
    found = {name: value.numpy() for name, value in graph.decode(logits, {}, shapes, Serving()).items()}
    assert found["maps"].shape == (2, 3, 3, 4)
    assert found["maps"][1, 2, 0, 3] == pytest.approx(1 / (1 + math.exp(-logits[1, 0, 3, 2])))
    assert found["kinds"].tolist() == [[b"line", b"word", b"digit"]] * 2
    assert graph.find_problem(found) is None
    portable = decode_detection(logits, {}, types.SimpleNamespace(labels=shapes.CLASSES))
    np.testing.assert_allclose(portable["maps"], found["maps"], atol=1e-6)
    assert portable["maps"].dtype == np.float32
    assert portable["kinds"].tolist() == found["kinds"].tolist()


def test_wrong_answers_are_told():
    kinds = np.array([[b"line", b"word"]])
    assert "of shape [1, 3, 2, 2] for 2 kinds" in graph.find_problem({"kinds": kinds, "maps": np.zeros((1, 3, 2, 2))})
    assert "outside 0 to 1" in graph.find_problem({"kinds": kinds, "maps": np.full((1, 2, 2, 2), 1.5)})


def compute(target, logits):
    """Return the loss of one page of one kind: [pixels] targets of 0 to 250 and [pixels] logits, and no edges."""
    true = np.stack([target, np.zeros_like(target)], -1).reshape(1, 1, -1, 2)
    predicted = np.stack([logits, np.zeros_like(logits)], -1).reshape(1, 1, -1, 2).astype("float32")
    return float(learn.build_loss().call(keras.ops.convert_to_tensor(true), keras.ops.convert_to_tensor(predicted))[0])


def test_the_loss_is_the_one_worked_out_by_hand(monkeypatch):
    monkeypatch.setattr(learn, "FEWEST", 1.0)
    # a pixel of a shape with p = 1/2 costs log 2; of five others three count, two at 1/2 and one sure to be nothing
    target, logits = np.array([250, 0, 0, 0, 0, 0]), np.array([0.0, 0.0, 0.0, -30.0, -30.0, -30.0])
    crossed = 3 * math.log(2) / 4
    # threshold 1/2: the binary map is 1/2 where p is 1/2, and 0 elsewhere
    dice = 1 - (2 * 0.5 + 1) / (3 * 0.5 + 1 + 1)
    assert compute(target, logits) == pytest.approx(crossed + dice, abs=1e-5)


def test_what_a_page_does_not_say_costs_nothing():
    unknown = np.full(6, 255)
    assert compute(unknown, np.linspace(-3, 3, 6)) == 0


def test_thresholds_are_learned_around_edges_alone():
    true, predicted = np.zeros((1, 1, 200, 2)), np.zeros((1, 1, 200, 2), "float32")
    predicted[..., 0] = -30.0
    true[0, 0, :10, 1] = round(255 * 0.7)  # the threshold of a logit of 0 is 0.5
    loss = float(learn.build_loss().call(true, predicted)[0])
    assert loss == pytest.approx(10 * (round(255 * 0.7) / 255 - 0.5), abs=1e-4)


def test_a_network_learns_where_a_line_is():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((16, 16, 1))
    head = learn.build_head(keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs), NO_LAYERS, shapes)
    model = keras.Model(inputs, head)
    page = np.full((1, 16, 16, 1), -1, np.float32)
    page[0, 5:9, 2:14] = 1
    labels = tf.constant([[0.0, *(np.array([2, 5, 14, 5, 14, 9, 2, 9]) / 16)]], tf.float32)
    targets = graph.draw_targets(labels, PageImage(side=64), shapes)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=learn.build_loss())
    losses = [float(model.train_on_batch(page, targets)) for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]
    maps = graph.decode(model(page), {}, shapes, Serving())["maps"].numpy()[0, 0]
    assert maps[6, 4:12].min() > 0.6
    assert maps[12:].max() < 0.4


NO_LAYERS = Trainer(network="page_fpn", units=(), dropout=())
