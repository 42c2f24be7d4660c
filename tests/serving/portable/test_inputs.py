"""Records of requests to the arrays of a signature."""

import types

import numpy as np
import pytest

from tfx_ocr.serving.portable.inputs import get_input


def test_pages_of_words_are_padded_to_the_longest():
    pages = [{"words": [b"A", b"B"], "boxes": [0.0, 0.0, 9.0, 9.0, 1, 2, 3, 4]}, {}]
    stacked = get_input("words").stack(pages)
    assert stacked["words"].tolist() == [[b"A", b"B"], [b"", b""]]
    assert stacked["boxes"].tolist() == [[[0, 0, 9, 9], [1, 2, 3, 4]], np.zeros((2, 4)).tolist()]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"words": [7], "boxes": [0.0] * 4}, "the record's feature 'words' holds something else than bytes"),
        ({"words": [b"A"], "boxes": [0.0] * 3}, "words and boxes disagree: 1 words, 3 numbers where a box has four"),
        ({"words": [b"A", b"B"], "boxes": [0.0] * 4}, "words and boxes disagree: 2 words, 4 numbers"),
        ({"words": [b"A"], "boxes": [b"0"] * 4}, "the record's feature 'boxes' holds something else than numbers"),
    ],
    ids=["words_of_numbers", "a_cut_box", "a_box_is_missing", "boxes_of_bytes"],
)
def test_what_is_no_page_is_refused_in_words(page, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        get_input("words").stack([page])


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        (np.zeros((1, 1, 4)), "words and boxes disagree: words of (1, 2), boxes of (1, 1, 4), four numbers a word"),
        (np.zeros((1, 2, 3)), "words and boxes disagree: words of (1, 2), boxes of (1, 2, 3), four numbers a word"),
        (np.full((1, 2, 4), np.nan), "not a box: a side is not a number"),
        (np.full((1, 2, 4), np.inf), "not a box: a side is not a number"),
    ],
    ids=["a_box_is_missing", "three_sides", "not_a_number", "endless"],
)
def test_boxes_that_are_none_are_refused_in_words(boxes, said):
    parsed = {"words": np.array([[b"A", b"B"]], dtype=object), "boxes": boxes.astype(np.float32)}
    with pytest.raises(ValueError, match=r"^(not|words)") as refused:
        get_input("words").build(parsed, types.SimpleNamespace(spec={"max_characters": 8}))
    assert str(refused.value) == said
