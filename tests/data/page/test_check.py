import pytest

from tfx_ocr.data.alphabets import entities
from tfx_ocr.data.page.check import find_problem

PAGE = {
    "words": [b"TOTAL", "9,00\N{EURO SIGN}".encode()],
    "boxes": [0.0, 0.0, 40.0, 10.0, 50.0, 0.0, 80.0, 10.0],
    "entities": [b"", b"total"],
    "field_names": [b"total"],
    "field_values": [b"9.00"],
    "page_size": [100.0, 200.0],
}


def test_a_whole_page_is_fine_and_so_is_one_of_words_alone():
    assert find_problem(PAGE, entities) is None
    assert find_problem({**PAGE, "field_values": [b""]}, entities) is None  # annotated as absent
    assert find_problem({"words": [b"TOTAL"], "boxes": [0.0, 0.0, 0.0, 0.0]}, entities) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"words": []}, "no words: the page has no text"),
        ({"words": [b"x"] * 2049}, "too many words: 2049, where a page may have 2048"),
        ({"boxes": [0.0] * 7}, "words and boxes disagree: 2 words, 7 numbers where a box has four"),
        ({"entities": [b"total"]}, "words and entities disagree: 2 words, 1 entities"),
        ({"entities": []}, "words and entities disagree: 2 words, 0 entities"),
        ({"field_values": []}, "fields disagree: 1 names, 1 of them different, 0 values"),
        (
            {"field_names": [b"total"] * 2, "field_values": [b"1"] * 2},
            "fields disagree: 2 names, 1 of them different, 2 values",
        ),
        ({"page_size": [100.0]}, "not a page size: [100.0] is not a width and height in pixels"),
        ({"page_size": [100.0, 0.0]}, "not a page size: [100.0, 0.0] is not a width and height in pixels"),
        ({"words": ["TOTAL", b"9"]}, "not text: words, entities, names and values of fields are bytes"),
        ({"words": [b"TOTAL", b"\xff"]}, "text is not UTF-8: words, entities or fields"),
        ({"field_values": [b"\xff"]}, "text is not UTF-8: words, entities or fields"),
        ({"words": [b"TOTAL", b" \n"]}, "empty word: word 1 is blank"),
        ({"boxes": [0.0, 0.0, 1.0, 1.0, 9.0, 0.0, 8.0, 1.0]}, "not a box: word 1 ends before it begins (9, 0, 8, 1)"),
        ({"boxes": [0.0, 0.0, 1.0, 1.0, 9.0, 0.0, float("nan"), 1.0]}, "not a box: a side is not a number"),
    ],
)
def test_what_does_not_fit_together_is_said(changed, reason):
    assert find_problem({**PAGE, **changed}, entities) == reason


@pytest.mark.parametrize("changed", [{"entities": [b"", b"sum"]}, {"field_names": [b"sum"]}])
def test_an_entity_outside_the_alphabet_is_named(changed):
    assert find_problem({**PAGE, **changed}, entities).startswith("unknown label: 'sum' is not one of supplier, ")
