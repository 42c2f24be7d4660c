from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from tfx_ocr.data.samples import hangul as sample
from tfx_ocr.data.synthetic import cursive, fonts, glyph_ink, strokes


def draw(*boxes, size=100):
    """Draw boxes of ink: left, top, right, bottom."""
    ink = np.zeros((size, size), np.float32)
    for left, top, right, bottom in boxes:
        ink[top:bottom, left:right] = 1
    return ink


def join(ink, syllable, share=1.0):
    return cursive.join_jamo(ink, syllable, share, np.random.default_rng(0))


# In squares of a hundred: ㅁ, ㅏ with its stem, and a final of two parts; ㅎ above the bar of ㅗ.
BESIDE = (10, 5, 51, 46), (75, 0, 82, 50), (20, 70, 71, 75), (20, 80, 71, 96)
BELOW = (30, 0, 60, 5), (10, 12, 91, 17), (30, 22, 71, 56), (5, 80, 100, 86)


def test_initial_and_final_are_written_where_they_stood():
    initial, final = join(draw(*BESIDE), "말")
    np.testing.assert_array_equal(initial.mask, draw(BESIDE[0]) > 0)
    np.testing.assert_array_equal(final.mask, draw(*BESIDE[2:]) > 0)
    # ㄹ ends at 95, 92 or at 98, 90 of its box, which is 50 wide and 25 high
    assert final.stroke[-1].round(1).tolist() in ([67.5, 93.0], [69.0, 92.5])
    assert len(initial.stroke) in (5, 6)


def test_an_initial_above_its_medial_has_all_parts_above_the_bar():
    (initial,) = join(draw(*BELOW), "호")
    np.testing.assert_array_equal(initial.mask, draw(*BELOW[:3]) > 0)
    # ㅎ begins at 35, 0 of a box from 10, 0 to 90, 55
    assert initial.stroke[0].tolist() == [38.0, 0.0]


@pytest.mark.parametrize(
    ("boxes", "syllable"),
    [
        (BESIDE[:2], "아"),  # ㅇ is one stroke as it is
        (BESIDE[:2], "까"),
        (((10, 5, 82, 12), (75, 0, 82, 50), (10, 12, 17, 50)), "마"),  # ㅁ touches the stem
        (BELOW, "화"),
        (((10, 5, 25, 15), (75, 0, 82, 50)), "마"),  # what is left of it is too small
        (((10, 0, 90, 100),), "말"),
    ],
    ids=["no_form", "doubled", "touching", "around", "small", "no_gap"],
)
def test_what_cannot_be_told_apart_is_left(boxes, syllable):
    assert join(draw(*boxes), syllable) == []


def test_a_share_of_none_joins_nothing():
    assert join(draw(*BESIDE), "말", share=0.0) == []


def test_a_cursive_initial_of_a_font_is_one_stroke():
    pen = fonts.Pen(sample.FONTS / "Gaegu.ttf", glyph_ink.EM)
    writer = strokes.Writer(pen=0.04)
    separate, joined = (
        glyph_ink.draw(pen, "하", np.random.default_rng(0), writer=dataclasses.replace(writer, cursive=share))
        for share in (0.0, 1.0)
    )
    # tick, bar and ring of ㅎ, and ㅏ; then ㅎ and ㅏ
    counts = [cv2.connectedComponents((ink > 0.3).astype(np.uint8))[0] - 1 for ink in (separate, joined)]
    assert counts == [4, 2]
