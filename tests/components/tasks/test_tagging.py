from __future__ import annotations

import math
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks import tagging
from tfx_ocr.data.alphabets import entities

pytestmark = pytest.mark.tfx

FEW = SimpleNamespace(CLASSES=("", "date", "total"))
Word = tuple[str, str, float]  # text, entity, its probability


def asked(pages: list[list[Word]]) -> dict[str, tf.SparseTensor]:
    """The pages' words as records have them; word n of a page lies at x from 10 n to 10 n + 8, y from n to n + 5."""
    texts = tf.ragged.constant([[text for text, _, _ in page] for page in pages], tf.string, ragged_rank=1)
    boxes = [[float(x) for n in range(len(page)) for x in (10 * n, n, 10 * n + 8, n + 5)] for page in pages]
    flat = tf.ragged.constant(boxes, tf.float32, ragged_rank=1)
    return {"words": texts.to_sparse(), "boxes": flat.to_sparse()}


def logits(pages: list[list[Word]]) -> tf.Tensor:
    """[pages, most words, 3]; past a page's end all for `total`, which no answer may show."""
    found = np.full((len(pages), max(1, *map(len, pages)), 3), -9.0, np.float32)
    found[..., 2] = 9.0
    for number, page in enumerate(pages):
        for place, (_, entity, probability) in enumerate(page):
            found[number, place] = math.log((1.0 - probability) / 2)
            found[number, place, FEW.CLASSES.index(entity)] = math.log(probability)
    return tf.constant(found)


def answers(*pages: list[Word]) -> dict[str, np.ndarray]:
    found = tagging.answers(logits(list(pages)), asked(list(pages)), FEW, Serving())
    return {name: value.numpy() for name, value in found.items()}


def texts(values: np.ndarray) -> list:
    return [texts(value) if isinstance(value, np.ndarray) else value.decode() for value in values]


RECEIPT = [("Cà", "", 0.9), ("22", "date", 0.8), ("MAR", "date", 0.6), ("TOTAL", "", 0.5), ("7.42", "total", 0.7)]


def ragged(*rows: list[str]) -> tf.SparseTensor:
    return tf.ragged.constant(list(rows), tf.string, ragged_rank=1).to_sparse()


def labels(monkeypatch, alphabet, **given: tf.SparseTensor) -> list:
    monkeypatch.setattr(tagging.tft, "make_and_track_object", lambda make: make())
    encoded = tagging.encode(given, alphabet)["label_xf"]
    assert encoded.dtype == tf.int64
    return tf.RaggedTensor.from_sparse(encoded).to_list()


def test_a_word_may_be_its_entity_or_nothing_and_what_its_page_does_not_say(monkeypatch):
    found = labels(
        monkeypatch,
        FEW,  # "" is 1, date 2, total 4
        entities=ragged(["", "total"], [], ["date", "", "total"], ["", ""], ["", "total"]),
        field_names=ragged(["total"], [], ["date", "total"], ["date", "total"], ["date", "total"]),
        # of the fourth page the date is missing, the total was not found; of the last the date is missing
        field_values=ragged(["9"], [], ["1/2", "9"], ["", "9"], ["", "9"]),
    )
    assert found == [[1 + 2, 4], [], [2, 1, 4], [1 + 4, 1 + 4], [1, 4]]


def test_every_entity_has_a_bit(monkeypatch):
    found = labels(
        monkeypatch, entities, entities=ragged([*entities.CLASSES]), field_names=ragged([]), field_values=ragged([])
    )
    assert found == [[2**number for number in range(10)]]


def test_head_has_a_logit_an_entity_for_each_word():
    features = keras.Input((None, 6))
    trainer = Trainer(network="any", units=(5,), dropout=(0.3,))
    model = keras.Model(features, tagging.head(features, trainer, FEW))
    assert model.output.shape == (None, None, 3)
    assert model.count_params() == 6 * 5 + 5 + 5 * 3 + 3


def of(probability: float) -> float:
    """The loss of a word."""
    return (1 - math.sqrt(probability)) / 0.5


def test_loss_is_the_mean_over_a_pages_words_an_entitys_six_times_and_then_over_pages():
    pages = [RECEIPT[:3], [("a", "total", 0.25)]]
    truth = tf.constant([[1, 2, 1], [4, -1, -1]], tf.int64)
    # of the third word 0.4 is shared by two
    expected = ((of(0.9) + 6 * of(0.8) + of(0.2)) / 8 + of(0.25)) / 2
    assert float(tagging.loss()(truth, logits(pages))) == pytest.approx(expected, abs=1e-5)


def test_a_word_of_nothing_may_be_what_its_page_does_not_say():
    # 0.7 for nothing, 0.2 for a date that counts half and 0.1 for a total, which the page has elsewhere
    given = tf.Variable(np.log([[[0.7, 0.2, 0.1]]]).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = tagging.loss()(tf.constant([[1 + 2]]), given)
    assert float(loss) == pytest.approx(of(0.7 + 0.2 / 2))
    # of a logit: its probability, less its share of what the word may be; the less the less likely that is
    expected = np.array([0.7 - 0.7 / 0.8, 0.2 - 0.1 / 0.8, 0.1]) * math.sqrt(0.8)
    np.testing.assert_allclose(tape.gradient(loss, given).numpy()[0, 0], expected, atol=1e-6)


def test_what_no_page_says_dies_out():
    given = tf.Variable(np.zeros((1, 1, 3), np.float32))
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = tagging.loss()(tf.constant([[1 + 2 + 4]]), given)
        given.assign_sub(tape.gradient(loss, given))
    assert tf.nn.softmax(given).numpy()[0, 0, 0] > 0.95


def test_what_is_past_the_last_word_has_no_loss_and_no_gradient():
    given = tf.Variable(np.random.default_rng(0).normal(0, 1, (2, 3, 3)).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = tagging.loss()(tf.constant([[2, -1, -1], [-1, -1, -1]]), given)
    gradient = tape.gradient(loss, given).numpy()
    assert np.isfinite(float(loss))
    assert np.abs(gradient[0, 0]).max() > 0.01
    assert not gradient[0, 1:].any()
    assert not gradient[1].any()


def test_a_word_has_its_entity_and_a_field_its_words_as_they_stood():
    found = answers(RECEIPT)
    assert texts(found["entities"]) == [["", "date", "date", "", "total"]]
    np.testing.assert_allclose(found["entity_probabilities"], [[0.9, 0.8, 0.6, 0.5, 0.7]], atol=1e-5)
    assert texts(found["field_names"]) == [["date", "total"]]
    assert texts(found["field_values"]) == [["22 MAR", "7.42"]]
    np.testing.assert_allclose(found["field_probabilities"], [[0.7, 0.7]], atol=1e-5)
    # around words 1 and 2: left of the first, top of the first, right and bottom of the second
    assert found["field_boxes"].tolist() == [[[10, 1, 28, 7], [40, 4, 48, 9]]]


def test_of_several_runs_the_one_worth_most_is_the_field():
    # 0.95 - 0.5 = 0.45 against 0.6 + 0.6 + 0.6 - 1.5 = 0.3, and 0.55 + ... of five 0.25
    sure = [("9.00", "total", 0.95), ("x", "", 0.9)]
    doubtful = [(text, "total", 0.6) for text in ("a", "b", "c")] + [("x", "", 0.9)]
    long = [("w", "total", 0.55)] * 5
    for page in (doubtful + sure + long, sure + long + [("x", "", 0.9)] + doubtful):
        found = answers(page)
        assert texts(found["field_values"]) == [["", "9.00"]]
        np.testing.assert_allclose(found["field_probabilities"], [[0, 0.95]], atol=1e-5)
    # and the longer one once it is worth more
    found = answers([*sure, *[(text, "total", 0.8) for text in ("1", "2")]])
    assert texts(found["field_values"]) == [["", "1 2"]]


def test_of_equal_runs_the_first_is_the_field():
    found = answers([("1", "total", 0.9), ("x", "", 0.8), ("2", "total", 0.9)])
    assert texts(found["field_values"]) == [["", "1"]]


def test_another_entity_between_parts_a_run():
    found = answers([("1", "total", 0.7), ("2", "date", 0.9), ("3", "total", 0.8)])
    assert texts(found["field_values"]) == [["2", "3"]]


def test_runs_of_doubtful_words_still_give_a_field():
    # of three entities the best may have 0.4: each run is worth less than nothing
    found = answers([("1", "total", 0.4), ("2", "total", 0.4), ("x", "", 0.9), ("3", "total", 0.45)])
    assert texts(found["field_values"]) == [["", "3"]]


def test_an_entity_without_a_word_has_an_empty_field():
    found = answers([("x", "", 0.9)])
    assert texts(found["field_values"]) == [["", ""]]
    assert found["field_probabilities"].tolist() == [[0, 0]]
    assert found["field_boxes"].tolist() == [[[0, 0, 0, 0]] * 2]


def test_a_page_is_answered_in_a_batch_as_alone():
    pages = [RECEIPT, [("7", "total", 0.9)], [], [("x", "", 0.6), ("1/2", "date", 0.9)]]
    batch = answers(*pages)
    assert batch["entities"].shape == (4, 5)
    for number, page in enumerate(pages):
        alone = answers(page)
        for name in ("field_names", "field_values"):
            assert texts(batch[name][number]) == texts(alone[name][0])
        for name in ("field_probabilities", "field_boxes"):
            np.testing.assert_allclose(batch[name][number], alone[name][0], atol=1e-6)
        assert texts(batch["entities"][number][: len(page)]) == [entity for _, entity, _ in page]
        assert not any(batch["entities"][number][len(page) :])
        assert not batch["entity_probabilities"][number][len(page) :].any()


def test_a_page_without_words_has_empty_fields():
    found = answers([])
    assert texts(found["entities"]) == [[""]]
    assert texts(found["field_values"]) == [["", ""]]
    assert found["field_boxes"].tolist() == [[[0, 0, 0, 0]] * 2]


def test_nothing_is_wrong_with_its_own_answers():
    assert tagging.why_not(answers(RECEIPT, [])) is None


@pytest.mark.parametrize("name", ["entities", "field_values", "field_boxes"])
def test_a_missing_answer_is_named(name):
    found = answers(RECEIPT)
    del found[name]
    assert tagging.why_not(found).startswith(f"has no output {name!r}; it has ")


def test_answers_of_different_lengths_are_wrong():
    found = answers(RECEIPT)
    found["field_values"] = found["field_values"][:, :1]
    assert tagging.why_not(found) == (
        "answers with field_names of shape [1, 2], field_values of shape [1, 1], "
        "field_probabilities of shape [1, 2]; all must have one shape"
    )
