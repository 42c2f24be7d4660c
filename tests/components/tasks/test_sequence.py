from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks.sequence import TASK, graph, learn
from tfx_ocr.data.alphabets import vietnamese
from tfx_ocr.serving.portable.answers import decode_sequence

pytestmark = pytest.mark.tfx

ABC = SimpleNamespace(CHARACTERS=("a", "b", "ở"), LONGEST=5)


def frames(*given: tuple[str, float]) -> np.ndarray:
    """Build [frames, 4] logits in which "" (blank) or a character has the given probability, the rest equal shares."""
    found = np.zeros((len(given), 4))
    for frame, (character, probability) in enumerate(given):
        found[frame] = (1.0 - probability) / 3
        found[frame, ("", *ABC.CHARACTERS).index(character)] = probability
    return np.log(found).astype(np.float32)


def answers(*lines: np.ndarray) -> dict[str, list]:
    found = graph.decode(tf.constant(np.stack(lines)), {}, ABC, Serving())
    return {name: value.numpy() for name, value in found.items()}


def texts(values: np.ndarray) -> list:
    return [texts(value) if isinstance(value, np.ndarray) else value.decode() for value in values]


@pytest.fixture
def plain_table(monkeypatch):
    monkeypatch.setattr(graph.tft, "make_and_track_object", lambda make: make())


def test_frames_of_paper_are_blank_whatever_the_head_says():
    logits = np.array([[[0.0, 5.0, 1.0], [0.0, 5.0, 1.0]], [[3.0, 1.0, 2.0], [0.0, 9.0, 99.0]]], np.float32)
    found = learn.set_blank(tf.constant(logits), tf.constant([[[1.0], [0.0]], [[1.0], [1.0]]])).numpy()
    assert found.tolist() == [[[0.0, 5.0, 1.0], [learn.SURE, 0.0, 0.0]], logits[1].tolist()]
    (blank, *others) = tf.nn.softmax([learn.SURE] + [0.0] * 400).numpy()
    assert blank > 0.999999
    assert max(others) < 1e-8


@pytest.mark.usefixtures("plain_table")
def test_texts_are_the_numbers_of_their_characters_then_zeros():
    encoded = graph.encode({"label": tf.constant([["aởb"], ["bbaab"], [""]])}, ABC)
    assert encoded["label_xf"].numpy().tolist() == [[1, 3, 2, 0, 0], [2, 2, 1, 1, 2], [0, 0, 0, 0, 0]]
    assert encoded["label_xf"].dtype == tf.int64


@pytest.mark.usefixtures("plain_table")
def test_every_character_of_vietnamese_has_its_number():
    everything = "".join(vietnamese.CHARACTERS)
    parts = [everything[at : at + vietnamese.LONGEST] for at in range(0, len(everything), vietnamese.LONGEST)]
    encoded = graph.encode({"label": tf.constant(parts)[:, tf.newaxis]}, vietnamese)["label_xf"].numpy()
    assert encoded.shape == (2, vietnamese.LONGEST)
    assert encoded.ravel()[: len(everything)].tolist() == list(range(1, len(everything) + 1))
    assert not encoded.ravel()[len(everything) :].any()


def test_head_has_a_logit_a_character_and_one_for_blank():
    features = keras.Input((7, 6))
    trainer = Trainer(network="any", units=(5,), dropout=(0.3,))
    model = keras.Model(features, learn.build_head(features, trainer, ABC))
    assert model.output.shape == (None, 7, 4)
    assert model.count_params() == 6 * 5 + 5 + 5 * 4 + 4


def likelihood(text: list[int], of_frames: np.ndarray) -> float:
    """Sum over every path that reads `text` after repetitions are merged and blanks left out."""
    total = 0.0
    for path in itertools.product(range(of_frames.shape[1]), repeat=len(of_frames)):
        if [number for number, _ in itertools.groupby(path) if number] == text:
            total += math.prod(of_frames[frame, number] for frame, number in enumerate(path))
    return total


@pytest.mark.parametrize("text", [[1, 3], [2, 2], [3], []], ids=["two", "twice", "one", "empty"])
def test_loss_is_minus_the_log_of_all_alignments(text):
    logits = np.random.default_rng(1).normal(0, 1.5, (4, 4)).astype(np.float32)
    of_frames = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = tf.constant([text + [0] * (5 - len(text))], tf.int64)
    assert float(learn.build_loss()(truth, logits[np.newaxis])) == pytest.approx(
        -math.log(likelihood(text, of_frames)), abs=1e-4
    )


def test_loss_of_a_batch_is_the_mean_of_its_lines():
    logits = np.random.default_rng(2).normal(0, 1, (2, 6, 4)).astype(np.float32)
    truth = np.array([[1, 2, 0, 0, 0], [3, 3, 1, 0, 0]])
    alone = [float(learn.build_loss()(truth[[line]], logits[[line]])) for line in (0, 1)]
    assert float(learn.build_loss()(truth, logits)) == pytest.approx(sum(alone) / 2, abs=1e-5)


def test_a_text_that_does_not_fit_its_frames_brings_no_nan():
    # b b needs three frames: a blank between; there are two. No alignment, no gradient, and the other line's stays
    logits = tf.Variable(np.random.default_rng(3).normal(0, 1, (2, 2, 4)).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = learn.build_loss()(tf.constant([[2, 2, 0, 0, 0], [1, 0, 0, 0, 0]]), logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(float(loss))
    assert np.isfinite(gradient).all()
    assert np.abs(gradient[1]).max() > 0.01


def test_repetitions_are_one_character_and_blanks_part_two():
    found = answers(frames(("a", 0.7), ("a", 0.9), ("", 0.8), ("a", 0.6), ("ở", 0.5), ("ở", 0.7)))
    assert texts(found["label"]) == ["aaở"]
    assert texts(found["characters"]) == [["a", "a", "ở"]]
    np.testing.assert_allclose(found["character_probabilities"], [[0.9, 0.6, 0.7]], atol=1e-5)
    np.testing.assert_allclose(found["probability"], [(0.9 * 0.6 * 0.7) ** (1 / 3)], atol=1e-5)
    # six frames: a on the first two, the second a on the fourth, ở on the last two
    np.testing.assert_allclose(found["character_places"], [[[0, 2 / 6], [3 / 6, 4 / 6], [4 / 6, 1]]], atol=1e-6)


def test_blanks_at_both_ends_are_nothing():
    found = answers(frames(("", 0.9), ("b", 0.6), ("", 0.9), ("", 0.7)))
    assert texts(found["label"]) == ["b"]
    np.testing.assert_allclose(found["probability"], [0.6], atol=1e-5)


def test_an_empty_text_has_no_probability_however_sure_its_blanks_are():
    found = answers(frames(("", 0.99), ("", 0.99)))
    assert texts(found["label"]) == [""]
    assert found["probability"].tolist() == [0.0]
    assert found["characters"].shape == found["character_probabilities"].shape == (1, 0)
    assert found["character_places"].shape == (1, 0, 2)


def test_the_portable_answer_is_the_graphs_with_text_and_without():
    lines = frames(("a", 0.7), ("", 0.8), ("a", 0.9)), frames(("", 0.99), ("", 0.99), ("", 0.99))
    found, portable = answers(*lines), decode_sequence(np.stack(lines), {}, SimpleNamespace(labels=ABC.CHARACTERS))
    assert found["label"].tolist() == portable["label"].tolist() == [b"aa", b""]
    assert found["characters"].tolist() == portable["characters"].tolist() == [[b"a", b"a"], [b"", b""]]
    for name in ("probability", "character_probabilities", "character_places"):
        np.testing.assert_allclose(found[name], portable[name], atol=1e-6)
    np.testing.assert_allclose(portable["probability"], [(0.7 * 0.9) ** 0.5, 0.0], atol=1e-5)
    sides = [[[0, 1 / 3], [2 / 3, 1]], [[0, 0], [0, 0]]]
    np.testing.assert_allclose(portable["character_places"], sides, atol=1e-6)


def test_lines_of_a_batch_do_not_touch_each_other():
    first = frames(("a", 0.5), ("b", 0.6), ("b", 0.8))
    second = frames(("b", 0.9), ("", 0.9), ("", 0.9))  # begins with what the first ends with
    third = frames(("", 0.9), ("", 0.4), ("", 0.9))
    found = answers(first, second, third)
    assert texts(found["label"]) == ["ab", "b", ""]
    assert texts(found["characters"]) == [["a", "b"], ["b", ""], ["", ""]]
    np.testing.assert_allclose(found["character_probabilities"], [[0.5, 0.8], [0.9, 0], [0, 0]], atol=1e-5)
    for line, alone in enumerate((first, second, third)):
        np.testing.assert_allclose(found["probability"][line], answers(alone)["probability"][0], atol=1e-6)


def test_vietnamese_is_answered_in_whole_characters():
    text = "Phường Đồng Tâm"
    numbers = [vietnamese.CHARACTERS.index(character) + 1 for character in text]
    logits = np.full((1, 2 * len(text), len(vietnamese.CHARACTERS) + 1), -5.0, np.float32)
    for place, number in enumerate(numbers):
        logits[0, 2 * place, number] = logits[0, 2 * place + 1, 0] = 9.0
    found = graph.decode(tf.constant(logits), {}, vietnamese, Serving())
    assert texts(found["label"].numpy()) == [text]
    assert texts(found["characters"].numpy()) == [list(text)]


def test_nothing_is_wrong_with_its_own_answers():
    assert TASK.find_problem(answers(frames(("a", 0.9), ("b", 0.9)), frames(("", 0.9), ("", 0.9)))) is None
    assert TASK.find_problem(answers(frames(("", 0.9), ("", 0.9)))) is None


def test_what_is_wrong_is_said():
    good = answers(frames(("a", 0.9), ("b", 0.9)))
    assert TASK.find_problem(good | {"label": np.array([b"ba"], object)}) == (
        "answers with characters that are not those of label"
    )
    shorter = good | {"character_probabilities": good["character_probabilities"][:, :1]}
    assert TASK.find_problem(shorter) == "answers with 2 characters a line and 1 of their probabilities"
    shorter = good | {"character_places": good["character_places"][:, :1]}
    assert TASK.find_problem(shorter) == "answers with 2 characters a line and 1 of their places"
    del good["characters"]
    assert TASK.find_problem(good).startswith("has no output 'characters'; it has ")


def test_the_portable_loss_is_that_of_tensorflows_kernel_with_its_gradient():
    random = np.random.default_rng(11)
    logits = tf.constant(random.normal(0, 2, (40, 12, 6)), tf.float32)
    lengths = random.integers(0, 8, 40)
    labels = np.where(np.arange(7) < lengths[:, None], random.integers(1, 6, (40, 7)), 0)
    labels[0] = 2  # seven equal ones need thirteen frames: no room
    labels[1] = [1, 1, 2, 2, 3, 3, 4]  # ten frames
    assert {0, 7} <= set(lengths.tolist())
    losses, gradients = [], []
    for compute in (learn.compute_portably, learn.compute_by_tensorflow):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            found = compute(tf.constant(labels), logits)
        losses.append(found.numpy())
        gradients.append(tape.gradient(found, logits).numpy())
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(gradients[0], gradients[1], atol=1e-4)
    assert losses[0][0] == 0
    assert (losses[0][1:] > 0).all()
