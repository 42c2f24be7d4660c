"""Beam search against every text there is, alignments and kept digits worked out by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tfx_ocr.serving.portable import beam
from tfx_ocr.serving.portable.answers import decode_sequence
from tfx_ocr.serving.portable.beam import Decoding
from tfx_ocr.serving.portable.form import Portable
from tfx_ocr.serving.portable.language_model import count_grams, write_language_model

AB = ("a", "b")


def collapse(path):
    return tuple(number for number, _ in itertools.groupby(path) if number)


def form(labels):
    return Portable(input="line_image", task="sequence", spec={}, labels=labels, top_n=1)


def read(decoding, frames, labels):
    """Decode one line from its posteriors."""
    with np.errstate(divide="ignore"):
        logits = np.maximum(np.log(np.array([frames], np.float32)), -50)
    return {name: values[0] for name, values in beam.create_decoder(decoding)(logits, {}, form(labels)).items()}


def test_the_sum_over_alignments_wins_over_the_best_path():
    # the best path is blank blank, 0.36; "a" has three alignments: 0.24 + 0.24 + 0.16
    frames = np.array([[0.6, 0.4, 0.0], [0.6, 0.4, 0.0]])
    assert beam.search(frames, AB, 8) == (1,)
    assert beam.align(frames, (1,)).tolist() in ([0, 1], [1, 0])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("with_model", [False, True])
def test_wide_beams_find_the_best_of_all_texts(seed, with_model):
    generator = np.random.default_rng(seed)
    frames = generator.dirichlet(np.ones(3), 5) * 0.97 + 0.01
    model = count_grams(["abab", "ba"], 2) if with_model else None
    sums = {}
    for path in itertools.product(range(3), repeat=5):
        chance = math.prod(frames[place, number] for place, number in enumerate(path))
        sums[collapse(path)] = sums.get(collapse(path), 0.0) + chance

    def score(text):
        letters = "".join(AB[number - 1] for number in text)
        of_model = (
            sum(0.7 * model.measure(letters[:n], letters[n]) + 0.5 for n in range(len(letters))) if model else 0.0
        )
        return math.log(sums[text]) + of_model

    assert beam.search(frames, AB, 1000, model, 0.7, 0.5) == max(sums, key=score)


def test_a_text_is_aligned_on_its_likeliest_path():
    frames = np.array([[0.1, 0.8, 0.1], [0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.15, 0.05, 0.8]])
    assert beam.align(frames, (1, 1, 2)).tolist() == [1, 0, 1, 2]  # between equal characters there is a blank
    assert beam.align(frames, ()).tolist() == [0, 0, 0, 0]
    assert beam.align(frames, (1,)).tolist() == [1, 1, 1, 0]  # 0.8 * 0.2 * 0.7 * 0.15


def test_without_a_choice_to_make_the_outputs_are_those_of_the_best_path():
    frames = np.array([[0.02, 0.97, 0.01], [0.97, 0.02, 0.01], [0.02, 0.97, 0.01], [0.01, 0.02, 0.97]])
    logits = np.log(frames[np.newaxis].astype(np.float32))
    found = read(Decoding(beams=4), frames, AB)
    for name, values in decode_sequence(logits, {}, form(AB)).items():
        np.testing.assert_array_equal(found[name], values[0])
    assert found["label"] == b"aab"


def test_frames_that_are_blank_for_sure_change_nothing():
    generator = np.random.default_rng(3)
    frames = generator.dirichlet(np.ones(3), 6)
    blank = np.array([[1.0, 0.0, 0.0]])
    spread = np.concatenate([blank, frames[:3], blank, blank, frames[3:], blank])
    nearly = np.where(spread == 1.0, 0.9979, np.where(spread == 0.0, 0.00105, spread))  # all three are possible
    assert beam.search(spread, AB, 1000) == beam.search(nearly, AB, 1000)


def test_the_language_model_that_ships_is_used_by_its_name():
    labels = tuple("Phườnqg ")
    path = [labels.index(character) + 1 for character in "Phườnq"]
    frames = np.full((len(path), len(labels) + 1), 1e-6)
    frames[np.arange(len(path)), path] = 1.0
    frames[-1, labels.index("q") + 1], frames[-1, labels.index("g") + 1] = 0.6, 0.4
    assert read(Decoding(), frames, labels)["label"].decode() == "Phườnq"
    assert read(Decoding(language_model="vietnamese"), frames, labels)["label"].decode() == "Phường"


def test_a_language_model_decides_where_the_picture_does_not(tmp_path):
    # q-u is never followed by v there: a doubtful last letter becomes y
    write_language_model(count_grams(["quy quy quy"], 3), tmp_path / "lm.json.gz")
    labels = ("q", "u", "v", "y")
    frames = np.full((3, 5), 0.01)
    frames[[0, 1, 2, 2], [1, 2, 3, 4]] = 0.96, 0.96, 0.52, 0.44
    greedy = read(Decoding(beams=8), frames, labels)
    helped = read(Decoding(language_model=str(tmp_path / "lm.json.gz")), frames, labels)
    assert (greedy["label"], helped["label"]) == (b"quv", b"quy")
    assert helped["characters"].tolist() == [b"q", b"u", b"y"]
    assert helped["character_probabilities"][2] == pytest.approx(0.45, abs=0.01)  # the network's own


def test_words_that_hold_digits_stay_as_they_are_read(tmp_path):
    write_language_model(count_grams(["so a so b so abso"] * 9, 4), tmp_path / "lm.json.gz")
    labels = (" ", "1", "a", "s", "o")
    best = [4, 5, 1, 2, 3, 1, 4, 5]  # "so 1a so"
    frames = np.full((8, 6), 0.02)
    frames[np.arange(8), best] = 0.55
    frames[np.arange(8), [5, 5, 3, 5, 5, 4, 2, 2]] += 0.35  # the second best: other letters, and a digit for a letter
    found = read(Decoding(beams=16, language_model=str(tmp_path / "lm.json.gz"), weight=3.0), frames, labels)
    words = found["label"].decode().split(" ")
    assert words[1] == "1a"
    assert len(words) == 3
    assert not any("1" in word for word in (words[0], words[2]))


def test_a_line_without_ink_stays_empty():
    found = read(Decoding(beams=8), np.full((6, 3), 1 / 3), AB)
    assert (found["label"], found["probability"]) == (b"", 0.0)


@pytest.mark.parametrize(("values", "said"), [({"beams": 0}, "beams is 0; it must"), ({"weight": -1}, "weight is -1")])
def test_values_out_of_range_are_refused(values, said):
    with pytest.raises(ValueError, match=said):
        Decoding(**values)
