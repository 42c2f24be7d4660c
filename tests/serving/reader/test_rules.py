import cv2
import numpy as np
import pytest

from tfx_ocr.serving.reader.rules import clear_rules, remove_rules


def frame(mask, left, top, width, height):
    mask[top : top + 3, left : left + width] = 1
    mask[top + height - 3 : top + height, left : left + width] = 1
    mask[top : top + height, left : left + 3] = 1
    mask[top : top + height, left + width - 3 : left + width] = 1


@pytest.fixture
def mask():
    return np.zeros((600, 900), np.uint8)


def test_a_rule_goes_and_a_stroke_across_it_stays_whole(mask):
    mask[300:304, 50:850] = 1
    mask[260:340, 400:408] = 1
    rest = remove_rules(mask, mask)
    assert rest[260:340, 400:408].all()
    rest[260:340, 390:418] = 0
    assert not rest.any()


def test_a_rule_down_goes(mask):
    mask[50:550, 450:453] = 1
    assert not remove_rules(mask, mask).any()


def test_a_side_that_two_cells_share_goes_with_the_fainter_ones(mask):
    faint = mask.copy()
    for place in range(4):
        frame(faint, 100 + place * 77, 200, 80, 90)
    mask[200:290, 177:180] = 1  # as dark as ink, and as high as a 1
    assert not remove_rules(mask, faint).any()


@pytest.mark.parametrize("gap", [0, 2, 4, 6, 8], ids=["comb", "2_px", "4_px", "6_px", "boxes"])
def test_cells_go_and_what_stands_in_them_stays(mask, gap):
    for place in range(4):
        frame(mask, 100 + place * 80, 200, 80 - gap, 90)
        mask[220:270, 130 + place * 80 : 138 + place * 80] = 1
    rest = remove_rules(mask, mask)
    expected = np.zeros_like(mask)
    for place in range(4):
        expected[220:270, 130 + place * 80 : 138 + place * 80] = 1
    np.testing.assert_array_equal(rest, expected)


def test_a_broken_frame_goes_too(mask):
    frame(mask, 100, 200, 80, 90)
    mask[200:203, 120:124] = mask[287:290, 150:153] = 0
    assert not remove_rules(mask, mask).any()


def test_a_small_thick_cell_that_its_digit_touches_goes(mask):
    cv2.rectangle(mask, (102, 202), (157, 257), (1,), 6)  # 62 pixels wide; grown by what closes gaps, four fifths full
    mask[214:251, 120:140] = 1
    mask[214:224, 110:150] = 1
    mask[240:257, 120:140] = 1  # to the lower side
    rest = remove_rules(mask, mask)
    assert rest[215:250, 121:139].all()
    assert not rest[195:210].any()
    assert not rest[:, :104].any()


@pytest.mark.parametrize("sign", "0689B")
def test_round_strokes_are_no_frame(mask, sign):
    cv2.putText(mask, sign, (300, 400), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (1,), 7)
    np.testing.assert_array_equal(remove_rules(mask, mask), mask)


@pytest.mark.parametrize("upside_down", [False, True], ids=["feet", "heads"])
def test_serifs_that_touch_along_a_word_are_no_rule(mask, upside_down):
    mask[320:323, 100:240] = 1
    for left in range(104, 240, 12):
        mask[300:320, left : left + 4] = 1
    mask = np.ascontiguousarray(mask[::-1]) if upside_down else mask
    np.testing.assert_array_equal(remove_rules(mask, mask), mask)


def test_a_long_rule_on_which_print_stands_goes(mask):
    mask[320:323, 50:850] = 1
    for left in range(104, 800, 12):
        mask[300:320, left : left + 4] = 1
    rest = remove_rules(mask, mask)
    assert not rest[320:323].any()
    assert rest[300:317, 104:108].all()


def test_grey_ink_loses_its_rules_with_their_soft_edge_and_keeps_what_stands_beside(mask):
    mask[300:304, 50:850] = 1
    mask[260:280, 400:408] = 1
    ink = cv2.GaussianBlur(mask * 200, (3, 3), 0)
    blank = clear_rules(ink, mask, remove_rules(mask, mask))
    assert not blank[295:310].any()
    np.testing.assert_array_equal(blank[255:285], ink[255:285])


def test_ink_without_rules_stays_as_it_is(mask):
    ink = mask * 200
    assert clear_rules(ink, mask, mask) is ink


def test_a_thick_bar_stays(mask):
    mask[100:200, 100:800] = 1
    assert remove_rules(mask, mask)[110:190, 110:790].all()


def test_nothing_comes_of_nothing(mask):
    assert not remove_rules(mask, mask).any()
