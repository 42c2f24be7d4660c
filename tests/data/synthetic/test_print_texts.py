import re
from collections import Counter

import numpy as np
import pytest

from tfx_ocr.data.alphabets import latin
from tfx_ocr.data.synthetic import print_texts as texts


def draw(function, count=300):
    rng = np.random.default_rng(1)
    return [function(rng) for _ in range(count)]


def test_every_line_is_within_the_alphabet_and_not_too_long():
    lines = draw(texts.PrintTexts().draw_line, 1000)
    assert {latin.find_problem(line) for line in lines} == {None}
    assert max(map(len, lines)) <= texts.LONGEST
    assert len(set(lines)) > 900


def test_every_character_comes_up():
    counts = Counter("".join(draw(texts.draw_invented, 6000)))
    assert [character for character in latin.CHARACTERS if counts[character] < 10] == []


@pytest.mark.parametrize(
    ("function", "pattern"),
    [
        (texts.draw_sum, r"\d+[.,]\d\d"),
        (texts.draw_date, r"\d\d[-/. ](\d\d|[A-Za-z]{3})[-/. ]\d\d|\d\d:\d\d"),
        (texts.draw_code, r"[A-Z0-9]{2}"),
        (texts.draw_labelled, r"^[A-Za-z ]+[:.]? ?"),
        (texts.draw_address, r"\d+.*[,.]$"),
        (texts.draw_item, r"^\d+ .* \S*"),
    ],
    ids=["sum", "date", "code", "labelled", "address", "item"],
)
def test_a_kind_of_line_looks_like_it(function, pattern):
    lines = draw(function)
    assert sum(bool(re.search(pattern, line)) for line in lines) > 0.6 * len(lines)


def test_half_of_the_lines_are_of_given_texts():
    lines = draw(texts.PrintTexts(("KOPI-O",)).draw_line, 400)
    given = [line for line in lines if set(line.upper().split()) == {"KOPI-O"}]
    assert 150 < len(given) < 250
    assert {"KOPI-O", "KOPI-O KOPI-O"} <= set(given)
    assert any(line == "Kopi-O" for line in given)
