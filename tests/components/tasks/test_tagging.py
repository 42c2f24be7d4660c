from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks.tagging import TASK, graph, learn
from tfx_ocr.data.alphabets import entities

pytestmark = pytest.mark.tfx

FEW = SimpleNamespace(CLASSES=("", "date", "total"))
Word = tuple[str, str, float]  # text, entity, its probability
Ends = Sequence[tuple[str, int, int]]  # entity, its field's first and last word


def asked(pages: list[list[Word]]) -> dict[str, tf.SparseTensor]:
    """Build the pages' words as in records; word n of a page lies at x from 10 n to 10 n + 8, y from n to n + 5."""
    texts = tf.ragged.constant([[text for text, _, _ in page] for page in pages], tf.string, ragged_rank=1)
    boxes = [[float(x) for n in range(len(page)) for x in (10 * n, n, 10 * n + 8, n + 5)] for page in pages]
    flat = tf.ragged.constant(boxes, tf.float32, ragged_rank=1)
    return {"words": texts.to_sparse(), "boxes": flat.to_sparse()}


def tags(pages: list[list[Word]]) -> tf.Tensor:
    """Build [pages, most words, 3] tags; past a page's end all for `total`, which must not appear in an answer."""
    found = np.full((len(pages), max(1, *map(len, pages)), 3), -9.0, np.float32)
    found[..., 2] = 9.0
    for number, page in enumerate(pages):
        for place, (_, entity, probability) in enumerate(page):
            found[number, place] = math.log((1.0 - probability) / 2)
            found[number, place, FEW.CLASSES.index(entity)] = math.log(probability)
    return tf.constant(found)


def ends(pages: list[list[Word]], chosen: Ends) -> tf.Tensor:
    """Build [pages, most words, 6]: (entity, first word, last word) with 3 for each; past a page's end 9."""
    found = np.zeros((len(pages), max(1, *map(len, pages)), 6), np.float32)
    for number, page in enumerate(pages):
        found[number, len(page) :] = 9.0
        for entity, first, last in chosen:
            if last < len(page):
                found[number, first, FEW.CLASSES.index(entity)] += 3.0
                found[number, last, 3 + FEW.CLASSES.index(entity)] += 3.0
    return tf.constant(found)


def answers(*pages: list[Word], of: Ends = ()) -> dict[str, np.ndarray]:
    logits = tf.concat([tags(list(pages)), ends(list(pages), of)], -1)
    found = graph.decode(logits, asked(list(pages)), FEW, Serving())
    return {name: value.numpy() for name, value in found.items()}


def texts(values: np.ndarray) -> list:
    return [texts(value) if isinstance(value, np.ndarray) else value.decode() for value in values]


RECEIPT = [("Cà", "", 0.9), ("22", "date", 0.8), ("MAR", "date", 0.6), ("TOTAL", "", 0.5), ("7.42", "total", 0.7)]


def ragged(*rows: list[str]) -> tf.SparseTensor:
    return tf.ragged.constant(list(rows), tf.string, ragged_rank=1).to_sparse()


def labels(monkeypatch, alphabet, **given: tf.SparseTensor) -> list:
    monkeypatch.setattr(graph.tft, "make_and_track_object", lambda make: make())
    encoded = graph.encode(given, alphabet)["label_xf"]
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


def test_head_has_three_logits_an_entity_for_each_word():
    features = keras.Input((None, 6))
    trainer = Trainer(network="any", units=(5,), dropout=(0.3,))
    model = keras.Model(features, learn.build_head(features, trainer, FEW))
    assert model.output.shape == (None, None, 9)
    assert model.count_params() == 6 * 5 + 5 + 5 * 9 + 9


def of(probability: float) -> float:
    """Return the loss of a word."""
    return (1 - math.sqrt(probability)) / 0.5


def test_loss_of_words_is_the_mean_over_a_pages_words_an_entitys_six_times_and_then_over_pages(monkeypatch):
    monkeypatch.setattr(learn, "OF_ENDS", 0.0)
    pages = [RECEIPT[:3], [("a", "total", 0.25)]]
    truth = tf.constant([[1, 2, 1], [4, -1, -1]], tf.int64)
    # of the third word 0.4 is shared by two
    expected = ((of(0.9) + 6 * of(0.8) + of(0.2)) / 8 + of(0.25)) / 2
    given = tf.concat([tags(pages), ends(pages, ())], -1)
    assert float(learn.build_loss()(truth, given)) == pytest.approx(expected, abs=1e-5)


def test_loss_of_ends_is_the_mean_over_a_pages_entities_of_where_they_may_begin_and_end(monkeypatch):
    monkeypatch.setattr(learn, "OF_ENDS", 1.0)
    # a date of the first two words, a total of the third and again of the last; the second page has no entity
    truth = tf.constant([[2, 2, 4, 1, 4, -1], [1, 1, 1, 1, 1, 1]], tf.int64)
    given = np.zeros((2, 6, 9), np.float32)
    given[..., 0] = given[:, :, 1:3] = 0.0
    given[0, 0, 3 + 1] = math.log(6)  # the date begins with the first of five: 6 / 10
    given[0, 4, 6 + 2] = math.log(4)  # the total ends with the fifth, or with the third: (4 + 1) / 8
    given[0, 5] = 20.0  # past the last word
    of_words = float(learn.build_loss()(truth, np.concatenate([given[..., :3], 0 * given[..., 3:]], -1)))
    uniform = of_words - ends_loss([(1 / 5, 1 / 5), (2 / 5, 2 / 5)]) / 2
    found = float(learn.build_loss()(truth, given)) - uniform
    assert found == pytest.approx(ends_loss([(6 / 10, 1 / 5), (2 / 5, 5 / 8)]) / 2, abs=1e-5)


def ends_loss(fields: list[tuple[float, float]]) -> float:
    return sum((of(first) + of(last)) / 2 for first, last in fields) / len(fields)


def test_a_word_of_nothing_may_be_what_its_page_does_not_say():
    # 0.7 for nothing, 0.2 for a date that counts half and 0.1 for a total, which the page has elsewhere
    given = tf.Variable(np.concatenate([np.log([[[0.7, 0.2, 0.1]]]), np.zeros((1, 1, 6))], -1).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = learn.build_loss()(tf.constant([[1 + 2]]), given)
    assert float(loss) == pytest.approx(of(0.7 + 0.2 / 2))
    # of a logit: its probability, less its share of what the word may be; the less the less likely that is
    expected = np.array([0.7 - 0.7 / 0.8, 0.2 - 0.1 / 0.8, 0.1]) * math.sqrt(0.8)
    np.testing.assert_allclose(tape.gradient(loss, given).numpy()[0, 0], [*expected, *[0] * 6], atol=1e-6)


def test_what_no_page_says_dies_out():
    given = tf.Variable(np.zeros((1, 1, 9), np.float32))
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = learn.build_loss()(tf.constant([[1 + 2 + 4]]), given)
        given.assign_sub(tape.gradient(loss, given))
    assert tf.nn.softmax(given[..., :3]).numpy()[0, 0, 0] > 0.95


def test_what_is_past_the_last_word_has_no_loss_and_no_gradient():
    given = tf.Variable(np.random.default_rng(0).normal(0, 1, (2, 3, 9)).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = learn.build_loss()(tf.constant([[2, 1, -1], [-1, -1, -1]]), given)
    gradient = tape.gradient(loss, given).numpy()
    assert np.isfinite(float(loss))
    assert np.abs(gradient[0, 0]).max() > 0.01
    assert np.abs(gradient[0, 1, 3 + 1]) > 0.001  # that the date does not begin there
    assert not gradient[0, 2:].any()
    assert not gradient[1].any()


def test_a_word_has_its_entity_and_a_field_its_words_as_they_stood():
    found = answers(RECEIPT, of=[("date", 1, 2), ("total", 4, 4)])
    assert texts(found["entities"]) == [["", "date", "date", "", "total"]]
    np.testing.assert_allclose(found["entity_probabilities"], [[0.9, 0.8, 0.6, 0.5, 0.7]], atol=1e-5)
    assert texts(found["field_names"]) == [["date", "total"]]
    assert texts(found["field_values"]) == [["22 MAR", "7.42"]]
    np.testing.assert_allclose(found["field_probabilities"], [[0.7, 0.7]], atol=1e-5)
    # around words 1 and 2: left of the first, top of the first, right and bottom of the second
    assert found["field_boxes"].tolist() == [[[10, 1, 28, 7], [40, 4, 48, 9]]]


TOTALS = [("1", "total", 0.9), ("2", "total", 0.9), ("x", "", 0.9), ("3", "total", 0.9)]


@pytest.mark.parametrize(
    ("of", "field"),
    [((0, 0), "1"), ((0, 1), "1 2"), ((1, 1), "2"), ((3, 3), "3"), ((0, 3), "1"), ((1, 3), "2")],
    ids=["first", "both", "second", "last", "not_over_another_word", "not_over_another_word_either"],
)
def test_the_field_is_the_run_from_its_first_word_to_its_last(of, field):
    # a word that is surely none is log(0.005 / 0.995) = -5.3: the 3 of a last word behind it are not worth that
    page = [*TOTALS[:2], ("x", "", 0.99), TOTALS[3]]
    assert texts(answers(page, of=[("total", *of)])["field_values"]) == [["", field]]


def test_over_a_doubtful_word_a_field_goes_on():
    page = [*TOTALS[:2], ("x", "", 0.4), TOTALS[3]]  # 0.3 for total: log odds of -0.85
    assert texts(answers(page, of=[("total", 0, 3)])["field_values"]) == [["", "1 2 x 3"]]


def test_a_last_word_stands_after_the_first():
    found = answers([("x", "", 0.9), *TOTALS[:2]], of=[("total", 2, 0)])
    assert texts(found["field_values"]) == [["", "2"]]


def test_of_equal_runs_the_first_is_the_field():
    found = answers([("1", "total", 0.9), ("x", "", 0.9), ("2", "total", 0.9)], of=[("total", 0, 0), ("total", 2, 2)])
    assert texts(found["field_values"]) == [["", "1"]]


def test_a_field_of_doubtful_words_is_not_answered():
    page = [("1", "total", 0.4), ("2", "total", 0.59), ("x", "", 0.9)]
    assert texts(answers(page, of=[("total", 0, 1)])["field_values"]) == [["", ""]]  # 0.495
    found = answers([("1", "total", 0.42), *page[1:]], of=[("total", 0, 1)])
    assert texts(found["field_values"]) == [["", "1 2"]]
    np.testing.assert_allclose(found["field_probabilities"], [[0, 0.505]], atol=1e-5)


def test_a_field_has_no_more_words_than_the_longest(monkeypatch):
    monkeypatch.setattr(graph, "LONGEST", 3)
    page = [(str(number), "total", 0.9) for number in range(5)]
    assert texts(answers(page, of=[("total", 1, 3)])["field_values"]) == [["", "1 2 3"]]
    assert texts(answers(page, of=[("total", 1, 4)])["field_values"]) != [["", "1 2 3 4"]]


def test_the_whole_of_a_long_page_is_looked_at():
    page = [("x", "", 0.9)] * 400 + TOTALS + [("x", "", 0.9)] * 400
    assert texts(answers(page, of=[("total", 400, 401)])["field_values"]) == [["", "1 2"]]


def test_an_entity_without_a_word_has_an_empty_field():
    found = answers([("x", "", 0.9)])
    assert texts(found["field_values"]) == [["", ""]]
    assert found["field_probabilities"].tolist() == [[0, 0]]
    assert found["field_boxes"].tolist() == [[[0, 0, 0, 0]] * 2]


def test_a_page_is_answered_in_a_batch_as_alone():
    pages = [RECEIPT, [("7", "total", 0.9)], [], [("x", "", 0.6), ("1/2", "date", 0.9)]]
    batch = answers(*pages, of=[("date", 1, 2)])
    assert batch["entities"].shape == (4, 5)
    for number, page in enumerate(pages):
        alone = answers(page, of=[("date", 1, 2)])
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
    assert TASK.find_problem(answers(RECEIPT, [])) is None


@pytest.mark.parametrize("name", ["entities", "field_values", "field_boxes"])
def test_a_missing_answer_is_named(name):
    found = answers(RECEIPT)
    del found[name]
    assert TASK.find_problem(found).startswith(f"has no output {name!r}; it has ")


def test_answers_of_different_lengths_are_wrong():
    found = answers(RECEIPT)
    found["field_values"] = found["field_values"][:, :1]
    assert TASK.find_problem(found) == (
        "answers with field_names of shape [1, 2], field_values of shape [1, 1], "
        "field_probabilities of shape [1, 2]; all must have one shape"
    )
