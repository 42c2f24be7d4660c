import numpy as np
import pytest

from tfx_ocr.data.page.page import Box, Glyph
from tfx_ocr.serving.reader.words import locate_words

LINE = Box(10, 5, 110, 25)


def draw(*strokes: tuple[int, int]) -> np.ndarray:
    """Return a mask of 30 x 120 with upright bars from row 5 to 25, each from a column to another."""
    mask = np.zeros((30, 120), np.uint8)
    for begin, end in strokes:
        mask[5:25, begin:end] = 1
    return mask


def place(text: str, middles: list[float], mask: np.ndarray, box: Box = LINE):
    glyphs = [Glyph(text=sign, confidence=0.5) for sign in text]
    places = np.array([(middle - 0.005, middle + 0.005) for middle in middles], np.float32).reshape(-1, 2)
    return locate_words(glyphs, places, box, mask)


def test_words_are_parted_by_spaces_and_cut_at_the_ink():
    # a strip of 200 pixels: the line's ink begins at its left, each glyph is 20 wide
    mask = draw((10, 28), (32, 48), (70, 88), (95, 110))
    one, two = place("ab cd", [0.05, 0.15, 0.25, 0.35, 0.45], mask)
    assert (one.text, two.text) == ("ab", "cd")
    assert [tuple(glyph.box) for glyph in one.glyphs] == [(10, 5, 28, 25), (32, 5, 48, 25)]
    assert [tuple(glyph.box) for glyph in two.glyphs] == [(70, 5, 88, 25), (95, 5, 110, 25)]
    assert tuple(one.box) == (10, 5, 48, 25)
    assert tuple(two.box) == (70, 5, 110, 25)


def test_glyphs_that_touch_are_cut_where_the_ink_is_least():
    mask = draw((10, 58), (62, 110))
    mask[14:16, 58:62] = 1  # a ligature two pixels high
    (word,) = place("mm", [0.25, 0.75], mask)
    assert [(glyph.box.left, glyph.box.right) for glyph in word.glyphs] == [(10, 60), (60, 110)]


def test_a_glyph_alone_has_the_whole_line():
    (word,) = place("W", [0.1], draw((10, 110)))
    assert tuple(word.glyphs[0].box) == tuple(word.box) == (10, 5, 110, 25)


def test_a_glyph_without_ink_has_its_share_of_the_line():
    (word,) = place("ab", [0.25, 0.75], np.zeros((30, 120), np.uint8))
    assert [(glyph.box.left, glyph.box.right) for glyph in word.glyphs] == [(10, 60), (60, 110)]


def test_more_glyphs_than_columns_stay_inside_the_line():
    box = Box(10, 5, 13, 25)
    (word,) = place("abcdef", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], draw((10, 13)), box)
    assert all(10 <= glyph.box.left <= glyph.box.right <= 13 for glyph in word.glyphs)


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_but_spaces_is_no_word(text):
    assert place(text, [0.1, 0.2][: len(text)], draw((10, 110))) == ()


def test_a_words_confidence_is_the_geometric_mean_of_its_glyphs():
    glyphs = [Glyph(text="a", confidence=0.9), Glyph(text="b", confidence=0.4)]
    (word,) = locate_words(glyphs, np.array([[0.2, 0.3], [0.7, 0.8]]), LINE, draw((10, 50), (60, 110)))
    assert word.confidence == pytest.approx(0.6, abs=1e-4)  # the root of 0.36
