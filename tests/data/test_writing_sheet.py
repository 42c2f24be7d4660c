"""A sheet that is drawn, filled in with strokes, photographed askew, and read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tfx_ocr.data.samples import hangul as sample
from tfx_ocr.data.synthetic import fonts, glyph_ink, strokes
from tfx_ocr.data.writing_sheet import BOX, COLUMNS, PX, ROWS, Sheet, draw_pages, read_page

FONT = sample.FONTS / "Gaegu.ttf"
SHEET = Sheet(tuple(sample.SYLLABLES))
EMPTY = "다한꽃"


@pytest.fixture(scope="module")
def filled():
    """Draw the sheet's page with a stroke-written syllable in each box but those of `EMPTY`."""
    (image,) = draw_pages(SHEET, FONT)
    page, rng, pen = np.array(image), np.random.default_rng(0), fonts.Pen(FONT, glyph_ink.EM)
    writer = strokes.draw_writer(rng)
    side = round(0.6 * BOX * PX)
    for character, left, top in SHEET.list_cells(0):
        if character not in EMPTY:
            glyph, _, _ = pen.draw(character)
            ink = cv2.resize(strokes.rewrite(glyph.astype(np.float32) / 255, writer, rng), (side, side))
            x, y = (round((edge + 0.2 * BOX) * PX) for edge in (left, top))
            page[y : y + side, x : x + side] = np.minimum(page[y : y + side, x : x + side], 255 * (1 - ink))
    return page


def photograph(page, turn, seed=0):
    """Take a picture of a page that lies askew on a dark table, in uneven light, `turn` quarters round."""
    rng = np.random.default_rng(seed)
    height, width = page.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    askew = (corners * 0.62 + (160, 140) + rng.uniform(-60, 60, (4, 2))).astype(np.float32)
    size = (round(0.62 * width) + 320, round(0.62 * height) + 280)
    matrix = cv2.getPerspectiveTransform(corners, askew)
    taken = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA, borderValue=(70.0,)).astype(np.float32)
    taken *= np.linspace(0.6, 0.95, size[0], dtype=np.float32)
    taken += rng.normal(0, 4, taken.shape)
    return np.rot90(np.clip(taken, 0, 255).astype(np.uint8), turn).copy()


@pytest.mark.parametrize("turn", range(4))
def test_a_photographed_page_is_cut_by_position_whichever_side_is_up(filled, turn):
    page = read_page(SHEET, photograph(filled, turn, seed=turn))
    assert page.number == 0
    assert page.empty == tuple(EMPTY)
    assert [character for character, _ in page.written] == [each for each in sample.SYLLABLES if each not in EMPTY]
    flat = read_page(SHEET, filled)
    for (_, found), (_, expected) in zip(page.written, flat.written, strict=True):
        assert found.shape == expected.shape
        inks = [picture < np.median(picture) * 0.6 for picture in (found, expected)]
        shared = (cv2.dilate(inks[0].astype(np.uint8), np.ones((9, 9))) > 0) & inks[1]
        assert shared.sum() > 0.9 * inks[1].sum()  # the same ink at the same place, within 0.4 mm


def test_nothing_printed_is_taken_for_writing():
    (blank,) = map(np.array, draw_pages(SHEET, FONT))
    page = read_page(SHEET, photograph(blank, 0))
    assert (page.written, page.empty) == ((), SHEET.characters)


def test_a_sheet_has_as_many_pages_as_it_needs_and_each_is_known():
    sheet = Sheet(tuple("가나") * COLUMNS * ROWS)
    assert sheet.pages == 2
    assert [len(sheet.list_cells(page)) for page in range(2)] == [COLUMNS * ROWS] * 2
    assert [read_page(sheet, np.array(page)).number for page in draw_pages(sheet, FONT)] == [0, 1]


def test_what_is_no_page_of_the_sheet_is_refused(filled):
    with pytest.raises(ValueError, match="printed for other characters"):
        read_page(Sheet(tuple("가나다")), filled)
    with pytest.raises(ValueError, match="3 of the 4 corner marks found"):
        read_page(SHEET, np.where(np.arange(filled.shape[0])[:, None] + np.arange(filled.shape[1]) < 500, 255, filled))
    with pytest.raises(ValueError, match="0 of the 4 corner marks found"):
        read_page(SHEET, np.full((400, 300), 255, np.uint8))
    covered = filled.copy()
    covered[100:200, 400:1700] = 0  # the row of squares
    with pytest.raises(ValueError, match="row of squares"):
        read_page(SHEET, covered)
    with pytest.raises(ValueError, match="one character or more"):
        Sheet(())
