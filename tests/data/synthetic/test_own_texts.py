from __future__ import annotations

import re

import numpy as np
import pytest

from tfx_ocr.data.synthetic import own_texts


def test_lines_of_a_file_are_normalised_and_kept_once(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("\ufeffO\u0308l 5\n\n  O\u0308l 5  \nÄpfel\n", encoding="utf-8")
    texts = own_texts.load_texts(file)
    assert texts.lines == ("Öl 5", "Äpfel")
    assert texts.characters == frozenset("Öl 5Äpfe")
    rng = np.random.default_rng(0)
    assert {texts.draw_line(rng, commas=True) for _ in range(50)} == {"Öl 5", "Äpfel"}


def test_lines_with_other_characters_are_left_out(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("12.5\n12,5\n7\n", encoding="utf-8")
    assert own_texts.load_texts(file, "0123456789.").lines == ("12.5", "7")
    with pytest.raises(ValueError, match=r"no texts in .*texts.txt of 'xyz' alone"):
        own_texts.load_texts(file, "xyz")


@pytest.mark.parametrize(("characters", "words"), [("0123456789.", {1}), ("ab ", {1, 2, 3, 4})])
def test_texts_are_invented_from_characters_alone(characters, words):
    texts, rng = own_texts.load_texts(None, characters), np.random.default_rng(0)
    drawn = [texts.draw_short(rng) for _ in range(200)]
    assert set("".join(drawn)) == set(characters)
    assert {len(text.split()) for text in drawn} == words
    assert {len(word) for text in drawn for word in text.split()} == set(range(2, 9))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("", "no texts in .*texts.txt$"), ("a" * 129, "a text in .* has 129 characters, where a line has 128 at most")],
)
def test_a_file_of_no_use_is_told(tmp_path, content, sentence):
    (tmp_path / "texts.txt").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        own_texts.load_texts(tmp_path / "texts.txt")


@pytest.mark.parametrize("characters", ["", " "])
def test_without_texts_and_characters_there_is_nothing_to_write(characters):
    with pytest.raises(ValueError, match="nothing to write: give --texts, or --characters to invent texts from"):
        own_texts.load_texts(None, characters)


def test_a_font_is_used_when_it_draws_one_of_the_lines_or_every_character():
    of_lines = own_texts.OwnTexts(("ab", "cd"), frozenset("abcd"))
    assert of_lines.is_drawable(frozenset("abc"))
    assert not of_lines.is_drawable(frozenset("ac"))
    invented = own_texts.OwnTexts((), frozenset("ab"))
    assert invented.is_drawable(frozenset("abc"))
    assert not invented.is_drawable(frozenset("a"))


def test_letters_and_digits_of_a_varied_line_become_others_of_their_kind():
    texts, rng = own_texts.OwnTexts(("Ab 1.5",), frozenset("Ab 1.5XyZ90"), varied=1.0), np.random.default_rng(0)
    drawn = {texts.draw_short(rng) for _ in range(200)}
    assert all(re.fullmatch(r"[AXZ][by] [0159]\.[0159]", text) for text in drawn)
    assert len(drawn) > 50
    half = own_texts.OwnTexts(("1111",), frozenset("12345"), varied=0.5)
    assert 80 < sum(half.draw_short(rng) == "1111" for _ in range(200)) < 130
