import numpy as np
import pytest

from tfx_ocr.data import features
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word
from tfx_ocr.data.page.shapes import Shape, build_features, enclose_turned, list_judged, list_shapes

TABLE = Word(text="Table", box=Box(0, 0, 50, 10))
SEVEN = Word(text="7", box=Box(60, 0, 66, 10))


def find_box(polygon):
    return tuple(np.min(polygon, 0)) + tuple(np.max(polygon, 0))


def test_words_stand_after_their_line_and_a_lone_digit_is_a_word_too():
    found = list_shapes(Page(regions=(Region(lines=(Line(words=(TABLE, SEVEN)),)),)))
    assert [(shape.kind, find_box(shape.polygon)) for shape in found] == [
        ("line", (0, 0, 66, 10)),
        ("word", (0, 0, 50, 10)),
        ("word", (60, 0, 66, 10)),
        ("digit", (60, 0, 66, 10)),
    ]


def test_words_are_left_out_where_a_line_has_none():
    bare = Line(text="by hand", box=Box(0, 20, 90, 34))
    found = list_shapes(Page(regions=(Region(lines=(Line(words=(TABLE,)), bare)),)))
    assert [shape.kind for shape in found] == ["line", "line"]


@pytest.mark.parametrize(
    "line",
    [Line(text="no place"), Line(text="flat", box=Box(0, 5, 40, 5)), Line(words=(Word(text="x"),))],
    ids=["nowhere", "flat", "words without boxes"],
)
def test_what_has_no_place_is_no_shape(line):
    assert list_shapes(Page(regions=(Region(lines=(line,)),))) == []


def test_margins_are_no_shapes():
    margin = Region(lines=(Line(words=(TABLE,)),), properties={"Margin": "top"})
    assert list_shapes(Page(regions=(margin,))) == []


def test_a_polygon_is_enclosed_by_its_smallest_rectangle():
    diamond = [(10, 0), (20, 10), (10, 20), (0, 10)]  # a square of side 10 * sqrt(2), turned by 45 degrees
    corners = np.array(enclose_turned([*diamond, (10, 10)]))
    assert sorted(map(tuple, np.round(corners))) == sorted(diamond)
    sides = np.linalg.norm(corners - np.roll(corners, 1, 0), axis=1)
    np.testing.assert_allclose(sides, 200**0.5, rtol=1e-5)
    x, y = corners.T
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0  # clockwise, y pointing down


def test_a_record_has_eight_numbers_a_shape():
    shape = Shape("line", ((0, 0), (4, 0), (4, 2), (0, 2)))
    assert build_features([shape, shape], (30, 40), b"png") == {
        features.IMAGE: b"png",
        features.PAGE_SIZE: [30.0, 40.0],
        features.SHAPES: [b"line", b"line"],
        features.POLYGONS: [0, 0, 4, 0, 4, 2, 0, 2] * 2,
    }


def test_words_and_digits_are_judged_where_a_page_says_words():
    assert list_judged([]) == ("line",)
    assert list_judged(["line", "word"]) == ("line", "word", "digit")
