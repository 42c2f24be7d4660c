import unicodedata

import pytest

from tfx_ocr.data.alphabets import get_alphabet

vietnamese = get_alphabet("vietnamese")


def test_the_134_letters_are_made_of_vowels_and_tones():
    marked = {"ă", "â", "ê", "ô", "ơ", "ư"}
    vowels = {*"aeiouy", *marked}
    tones = ["\u0300", "\u0301", "\u0309", "\u0303", "\u0323"]
    toned = {unicodedata.normalize("NFC", vowel + tone) for vowel in vowels for tone in tones}
    lower = toned | marked | {"đ"}
    assert set(vietnamese.LETTERS) == lower
    assert len(lower) == 67
    assert set(vietnamese.LETTERS + vietnamese.LETTERS.upper()) <= set(vietnamese.CHARACTERS)


def test_characters_are_single_composed_and_each_there_once():
    characters = vietnamese.CHARACTERS
    assert len(characters) == len(set(characters)) == 134 + 52 + 10 + 18
    assert all(len(character) == 1 and unicodedata.is_normalized("NFC", character) for character in characters)


@pytest.mark.parametrize("text", ["Số 246E/2, Khu phố 1B", "T'rưng #5 (cũ): A+B, 3.5 - x", "a" * 128])
def test_lines_as_people_write_them_are_allowed(text):
    assert vietnamese.find_problem(text) is None


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("", "no label: the line's text is empty"),
        ("  ", "no label: the line's text is empty"),
        ("a" * 129, "label too long: 129 characters, where 128 are allowed"),
        (
            "Ha\u0300 Nội",
            "unknown label: '\u0300' (U+0300), character 3 of 'Ha\u0300 Nội', is not composed; write the text in NFC",
        ),
        ("Số\u00a05", r"unknown label: '\xa0' (U+00A0), character 3 of 'Số\xa05', is not in the alphabet"),
        ("한", "unknown label: '한' (U+D55C), character 1 of '한', is not in the alphabet"),
        ("a\tb", r"unknown label: '\t' (U+0009), character 2 of 'a\tb', is not in the alphabet"),
        ("5–7", "unknown label: '–' (U+2013), character 2 of '5–7', is not in the alphabet"),
    ],
    ids=["empty", "spaces", "long", "decomposed", "no_break_space", "hangul", "tab", "en_dash"],
)
def test_what_no_line_may_hold_is_named(label, reason):
    assert vietnamese.find_problem(label) == reason
