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


def test_columns_below_a_heading_are_read_after_it_and_before_what_is_below():
    columns = [line(f"{side}{row}", left, 40 * row) for row in range(4) for side, left in (("a", 0), ("b", 300))]
    around = [line("title", 50, -60, width=400), line("footer", 0, 180, width=500)]
    assert texts([*columns, *around]) == [["title"], ["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3"], ["footer"]]


@pytest.mark.parametrize(("rows", "regions"), [(6, 2), (5, 1)])
def test_columns_of_text_one_height_apart_are_told_by_six_rows(rows, regions):
    columns = [line(f"{side}{row}", left, 40 * row) for row in range(rows) for side, left in (("a", 0), ("b", 235))]
    assert len(arrange(columns)) == regions


@pytest.mark.parametrize("heading", [[], [line("receipt", 50, -60, width=400)]], ids=["alone", "below_a_heading"])
def test_a_list_of_goods_and_amounts_is_read_row_by_row(heading):
    goods = [line(f"goods{row}", 0, 40 * row) for row in range(4)]
    amounts = [line(f"{row}.00", 400, 40 * row, width=90) for row in range(4)]
    assert texts([*heading, *goods, *amounts]) == [
        [*(each.text for each in heading), *(f"goods{row} {row}.00" for row in range(4))]
    ]


def test_short_lines_beside_text_that_share_no_rows_are_a_column():
    menu = [line(f"menu{row}", 0, 90 * row + 45, width=90) for row in range(4)]
    text = [line(f"text{row}", 300, 90 * row, width=400) for row in range(5)]
    assert texts([*menu, *text]) == [[each.text for each in menu], [each.text for each in text]]


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


@pytest.mark.parametrize("place", ["below", "above", "between"])
def test_a_table_beside_columns_of_text_is_read_row_by_row(place):
    def columns(name, top):
        return [
            line(f"{name}{side}{row}", left, top + 40 * row)
            for side, left in (("l", 0), ("r", 300))
            for row in range(5)
        ]

    def cells(top):
        return [
            line(f"{row}{column}", left, top + 40 * row, width=60)
            for row in range(3)
            for column, left in enumerate((0, 120, 300))
        ]

    table = ["00 01 02", "10 11 12", "20 21 22"]
    first, second = ([[f"{name}{side}{row}" for row in range(5)] for side in "lr"] for name in "ab")
    title = line("title", 100, -60, width=300)
    drawn = {
        "below": ([title, *columns("a", 0), *cells(220)], [["title"], *first, table]),
        "above": (cells(0) + columns("a", 140), [table, *first]),
        "between": (columns("a", 0) + cells(220) + columns("b", 360), [*first, table, *second]),
    }
    lines, expected = drawn[place]
    assert texts(lines) == expected


def test_a_table_within_a_column_leaves_the_columns_whole():
    left = [line(f"l{row}", 0, 40 * row) for row in range(20)]
    left += [line(f"{row}{column}", 80 * column, 800 + 40 * row, width=20) for row in range(3) for column in range(3)]
    right = [line(f"r{row}", 300, 40 * row) for row in range(23)]
    assert texts([*left, *right])[1] == [f"r{row}" for row in range(23)]
