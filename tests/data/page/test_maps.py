"""Shapes drawn into maps, and found in maps again."""

import numpy as np
import pytest

from tfx_ocr.data.page import maps
from tfx_ocr.data.page.maps import FULL, UNKNOWN, draw_targets, find_shapes, measure_margin, widen
from tfx_ocr.data.page.overlaps import match

KINDS = ("line", "word", "digit")
SIDE = 160  # of the frame: maps of 40 x 40


def make_row(kind, left, top, right, bottom):
    """Return a shape as shares of the frame, from pixels of it."""
    corners = [left, top, right, top, right, bottom, left, bottom]
    return [KINDS.index(kind), *(number / SIDE for number in corners)]


def turn(row, degrees):
    corners = np.reshape(row[1:], (4, 2)) - 0.5
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return [row[0], *(corners @ np.array([[cos, sin], [-sin, cos]]) + 0.5).ravel()]


def make_perfect(drawn):
    """Return the maps that a detector without fault answers: [kinds, height, width]."""
    return np.moveaxis(np.where(drawn[..., :3] == UNKNOWN, 0, drawn[..., :3] / FULL), -1, 0)


def overlap(polygon, row, size):
    wanted = (np.array(row[1:]) * max(size)).tolist()
    found = match([wanted], [np.ravel(polygon).tolist()])
    return found[0] if found else 0.0


def test_a_rectangle_shrinks_by_a_share_of_its_area_over_half_its_perimeter():
    assert measure_margin(30, 10) == pytest.approx(0.255 * 300 / 40)
    assert measure_margin(50, 1.5) == pytest.approx(0.25)  # a pixel is left
    assert measure_margin(50, 0.5) == 0


@pytest.mark.parametrize(("width", "height"), [(100, 10), (12, 12), (5, 40)])
def test_widening_undoes_the_shrinking(width, height):
    margin = measure_margin(width, height)
    assert widen(width - 2 * margin, height - 2 * margin) == pytest.approx(margin)


def test_the_middle_of_a_line_is_drawn_and_its_edge_around():
    # 80 x 24 pixels of the frame: 20 x 6 of a map, margin 0.255 * 120 / 26 = 1.18: the middle is 17.6 x 3.6
    found = draw_targets(np.array([make_row("line", 40, 40, 120, 64)]), SIDE, KINDS)
    assert found.shape == (40, 40, 6)
    # rows 10 to 16, less the margin 11.18 to 14.82; columns 10 to 30, 11.18 to 28.82
    middle = found[..., 0] / FULL
    np.testing.assert_allclose(middle[10:16, 20], [0, 0.82, 1, 1, 0.82, 0], atol=0.01)
    np.testing.assert_allclose(middle[13, 10:13], [0, 0.82, 1], atol=0.01)
    edge = found[..., 3]
    assert edge[10, 20] > edge[12, 20]  # half a pixel inside of the upper edge, and two and a half
    assert edge[3, 20] == 0
    assert edge.max() <= round(255 * 0.7)
    assert edge[edge > 0].min() >= round(255 * 0.3) - 1


def test_a_page_of_lines_alone_says_nothing_of_words():
    found = draw_targets(np.array([make_row("line", 40, 40, 120, 64)]), SIDE, KINDS)
    assert (found[..., 1:3] == UNKNOWN).all()
    with_word = draw_targets(np.array([make_row("word", 40, 40, 120, 64)]), SIDE, KINDS)
    assert set(np.unique(with_word[..., 2])) == {0}


@pytest.mark.parametrize("rows", [np.zeros((0, 9)), np.full((2, 9), -1.0)], ids=["none", "padding"])
def test_a_page_without_shapes_has_no_line(rows):
    found = draw_targets(rows, SIDE, KINDS)
    assert (found[..., 0] == 0).all()
    assert (found[..., 1] == UNKNOWN).all()


def test_a_shape_outside_of_the_frame_is_drawn_as_far_as_it_is_inside():
    found = draw_targets(
        np.array([make_row("line", 120, 130, 240, 154), make_row("line", 300, 0, 400, 20)]), SIDE, KINDS
    )
    rows, columns = np.nonzero(found[..., 0])
    assert columns.max() == 39
    assert rows.min() >= 33


@pytest.mark.parametrize("degrees", [0, 7, -30, 90])
def test_what_is_drawn_is_found_again_where_it_was(degrees):
    row = turn(make_row("line", 30, 70, 130, 90), degrees)
    drawn = draw_targets(np.array([row]), SIDE, KINDS)
    perfect = make_perfect(drawn)
    for size in ((SIDE, SIDE), (1200, 1600)):
        [found] = find_shapes(perfect, KINDS, size)
        assert found.kind == "line"
        assert found.confidence > 0.8
        assert overlap(found.polygon, row, size) > 0.8


def test_neighbours_are_told_apart_and_ordered_from_the_top():
    rows = np.array([make_row("line", 20, y, 140, y + 11) for y in (100, 20, 36)])
    drawn = draw_targets(rows, SIDE, KINDS)
    found = find_shapes(
        np.moveaxis(np.where(drawn[..., :3] == UNKNOWN, 0, drawn[..., :3] / FULL), -1, 0), KINDS, (160, 160)
    )
    tops = [min(y for _, y in shape.polygon) for shape in found]
    assert tops == pytest.approx([20, 36, 100], abs=2)


def test_faint_and_tiny_spots_are_no_shapes():
    faint, tiny = np.zeros((2, 3, 40, 40), np.float32)
    faint[0, 10:20, 10:30] = 0.52
    tiny[0, 10, 10] = 0.6
    assert find_shapes(faint, KINDS, (160, 160)) == []
    assert find_shapes(tiny, KINDS, (160, 160)) == []
    assert maps.PRESENT < 0.52 < maps.SURE
