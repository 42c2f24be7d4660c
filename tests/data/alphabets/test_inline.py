"""Alphabets that a recipe states itself."""

import pytest

from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.alphabets.inline import Characters, Classes


def test_classes_are_numbered_in_their_order():
    alphabet = get_alphabet(Classes(classes=("b", "a", "Ö")))
    assert alphabet.CLASSES == ("b", "a", "Ö")
    assert [alphabet.find_problem(label) for label in ("a", "Ö")] == [None, None]
    assert alphabet.find_problem("c") == "unknown label: 'c' is not one of b, a, Ö"
    assert not hasattr(alphabet, "CHARACTERS")


def test_ten_classes_are_named_where_there_are_more():
    alphabet = Classes(classes=("", *(f"{number:02d}" for number in range(12))))
    said = alphabet.find_problem("7")
    assert said == "unknown label: '7' is not one of 00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 2 more"
    assert alphabet.find_problem("") is None  # of entities: a word of none


def test_characters_are_numbered_in_their_order_and_texts_have_a_longest():
    alphabet = get_alphabet(Characters(characters="01 ", longest=3))
    assert (alphabet.CHARACTERS, alphabet.LONGEST) == (("0", "1", " "), 3)
    assert alphabet.find_problem("0 1") is None
    assert alphabet.find_problem("0 1 ") == "label too long: 4 characters, where 3 are allowed"
    assert "'2' (U+0032), character 2 of '02'" in alphabet.find_problem("02")
    assert not hasattr(alphabet, "CLASSES")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Classes(classes=("A",)), "classes holds 1: give 2 or more"),
        (lambda: Classes(classes=("A", "B", "A")), "classes holds 'A' twice"),
        (lambda: Classes(classes=("A", "B ")), "class 'B ' has white space around it"),
        (lambda: Classes(classes=("A", "O\u0308")), "classes holds letters that are not composed"),
        (lambda: Characters(characters=""), "characters holds 0: give 2 or more"),
        (lambda: Characters(characters="0120"), "characters holds '0' twice"),
        (lambda: Characters(characters="aO\u0308"), "characters holds letters that are not composed"),
        (lambda: Characters(characters="01", longest=0), "longest is 0; a text has 1 character or more"),
    ],
    ids=["one", "twice", "space", "decomposed", "empty", "twice_character", "decomposed_character", "longest"],
)
def test_values_that_are_no_alphabet_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
