from __future__ import annotations

import pytest

from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.alphabets.restriction import list_allowed, restrict_labels


@pytest.mark.parametrize(
    ("whitelist", "allowed"),
    [
        ("3113", ("3", "1")),
        ("\u1112\u1161\u11ab가", ("한", "가")),  # decomposed
        (["INV", "DATE"], ("INV", "DATE")),
        ("digits", tuple("0123456789")),
    ],
    ids=["each_once", "composed", "labels", "alphabet"],
)
def test_a_whitelist_is_characters_labels_or_an_alphabet(whitelist, allowed):
    assert list_allowed(whitelist) == allowed


def test_labels_stay_in_their_own_order():
    assert restrict_labels("91", "0123456789") == ("1", "9")


@pytest.mark.parametrize(
    ("whitelist", "said"),
    [
        ("", "give one or more"),
        ("1a", "names 'a', which the model never answers; it answers 0, 1, 2, 3, 4, 5, 6, 7, 8, 9$"),
        ("abcdefghijklm", "names 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j' and 3 more, which"),
    ],
)
def test_what_is_not_a_label_is_named(whitelist, said):
    with pytest.raises(ValueError, match=said):
        restrict_labels(whitelist, "0123456789")


def test_syllables_of_the_standard_are_an_alphabet():
    standard = get_alphabet("ks_x_1001")
    assert len(standard.CLASSES) == 2350
    assert (standard.CLASSES[0], standard.CLASSES[-1]) == ("가", "힝")
    assert standard.find_problem("한") is None
    assert "not one of the 2,350 syllables of KS X 1001" in standard.find_problem("뷁")
    assert "not a composed Hangul syllable" in standard.find_problem("ㅎ")
