from pathlib import Path

import cv2
import numpy as np
import pytest

from tfx_ocr.data.synthetic import digit_pages
from tfx_ocr.data.synthetic.digit_pages import LAYOUTS, draw_page, draw_pages

FONTS = sorted((Path(__file__).parents[3] / "data" / "samples" / "fonts" / "lines").glob("*.ttf"))
BLOCK = np.zeros((1, 28, 28), np.uint8)
BLOCK[0, 4:24, 9:19] = 255  # 10 x 20, ink light


SIDE = 1300


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Draw square pages of a fifth of A4's area: the same in a fifth of the time."""
    monkeypatch.setattr(digit_pages, "WIDTH", SIDE)
    monkeypatch.setattr(digit_pages, "HEIGHT", SIDE)


def draw(layout="free", most=25, **options):
    return draw_page(BLOCK, ["7"], FONTS, np.random.default_rng(3), layout=layout, most=most, **options)


def test_boxes_are_those_of_the_ink():
    page = draw(most=25)
    assert page.pixels.shape == (SIDE, SIDE)
    assert 15 <= len(page.digits) <= 25
    assert {digit.label for digit in page.digits} == {"7"}
    inked = (page.pixels < 0.7 * np.median(page.pixels)).astype(np.uint8)
    digit = page.digits[0]
    left, top, right, bottom = (round(side) for side in digit.box)
    x, y, width, height = cv2.boundingRect(inked[top - 6 : bottom + 6, left - 6 : right + 6])
    np.testing.assert_allclose((x, y, width, height), (6, 6, right - left, bottom - top), atol=3)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_its_digits_on_the_page(layout):
    page = draw(layout, most=60)
    boxes = np.array([digit.box for digit in page.digits])
    assert 15 <= len(boxes) <= 60
    assert boxes.min() > 0
    assert (boxes[:, 2:] < SIDE).all()
    assert -5 <= page.skew_deg <= 5


def test_equal_seeds_give_equal_pages_whatever_their_number():
    first, second = (next(iter(draw_pages(BLOCK, ["7"], FONTS, count, seed=5))) for count in (1, 2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.digits == second.digits


def test_a_third_of_sixty_pages_has_print_in_every_layout(monkeypatch):
    drawn = []
    monkeypatch.setattr(digit_pages, "draw_page", lambda *_, **options: drawn.append(options))
    assert len(list(draw_pages(BLOCK, ["7"], FONTS, 60, seed=1))) == 60
    assert sum(options["printed"] for options in drawn) == 20
    assert {options["layout"] for options in drawn if options["printed"]} == set(LAYOUTS)
    assert {options["layout"] for options in drawn if options["light"]} == set(LAYOUTS)


def test_light_ink_is_on_dark_paper():
    assert np.median(draw(light=True).pixels) < 100 < 155 < np.median(draw().pixels)


def test_unknown_layouts_are_refused():
    with pytest.raises(ValueError, match="unknown layout 'heap'; known: rows, fields, free"):
        draw("heap")
