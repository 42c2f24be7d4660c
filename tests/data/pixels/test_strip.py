from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.data.pixels.strip import get_ink, measure_widths

INK = get_ink((-1.0, 1.0))


@pytest.mark.parametrize(
    ("end", "width"),
    [(0, 64), (4, 64), (5, 128), (68, 128), (69, 192), (640, 640)],  # 60 of paper behind the ink, in steps of 64
)
def test_a_strip_needs_its_ink_and_the_paper_that_a_network_looks_at(end, width):
    strip = np.full((1, 32, 640, 1), -1.0, np.float32)
    strip[0, 16, :end] = 1.0
    assert measure_widths(strip, INK).tolist() == [width]


def test_each_strip_is_measured_alone_and_faint_paper_is_no_ink():
    strips = np.full((3, 8, 320, 1), -1.0, np.float32)
    strips[:, 3, 300] = INK - 0.01
    strips[1, 7, 100] = INK
    assert measure_widths(strips, INK).tolist() == [64, 192, 64]


def test_a_narrow_strip_is_needed_whole():
    assert measure_widths(np.zeros((2, 8, 48, 1), np.float32), INK).tolist() == [48, 48]
    assert measure_widths(np.zeros((0, 8, 640, 1), np.float32), INK).shape == (0,)


def test_ink_is_a_share_of_the_range():
    assert get_ink((0.0, 1.0)) == pytest.approx(0.05)
    assert get_ink((-1.0, 1.0)) == pytest.approx(-0.9)
