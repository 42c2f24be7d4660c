import pytest

from tfx_ocr.data.page.page import Box, Line
from tfx_ocr.serving.reader.order import arrange


def line(text, left, top, width=200, height=30):
    return Line(text=text, box=Box(left, top, left + width, top + height))


def texts(lines):
    return [[each.text for each in region.lines] for region in arrange(lines)]


def test_rows_are_read_from_the_top_and_each_from_the_left():
    assert texts([line("d", 400, 105), line("c", 0, 100), line("b", 400, 0), line("a", 0, 4)]) == [["a b", "c d"]]


@pytest.mark.parametrize("gap", [400, 61])
def test_columns_are_read_one_after_the_other(gap):
    columns = [line(f"{side}{row}", left, 40 * row) for row in range(4) for side, left in (("a", 0), ("b", 200 + gap))]
    assert texts(columns) == [["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3"]]


def test_what_is_less_than_two_heights_apart_is_one_row():
    pieces = [line(f"{side}{row}", left, 40 * row) for row in range(4) for side, left in (("a", 0), ("b", 259))]
    assert texts(pieces) == [["a0 b0", "a1 b1", "a2 b2", "a3 b3"]]


def test_a_table_of_many_fields_is_read_row_by_row():
    cells = [line(f"{row}{column}", 300 * column, 60 * row, 60) for row in range(3) for column in range(5)]
    assert texts(cells) == [[f"{row}0 {row}1 {row}2 {row}3 {row}4" for row in range(3)]]


def test_nothing_has_no_regions_and_a_joined_line_has_the_least_confidence():
    assert arrange([]) == ()
    ((joined,),) = (
        region.lines
        for region in arrange(
            [
                Line(text="a", box=Box(0, 0, 9, 9), confidence=0.9),
                Line(text="b", box=Box(20, 0, 29, 9), confidence=0.4),
            ]
        )
    )
    assert (joined.text, joined.confidence, joined.box) == ("a b", 0.4, Box(0, 0, 29, 9))
