import cv2
import numpy as np
import pytest

from tfx_ocr.data.synthetic import paper


def bar(thick, side=64):
    ink = np.zeros((side, side), np.float32)
    start = (side - thick) // 2
    ink[8:-8, start : start + thick] = 1.0
    return ink


@pytest.mark.parametrize("thick", [4, 8, 12])
def test_the_width_of_strokes_is_measured(thick):
    assert paper.measure_stroke_width(bar(thick)) == pytest.approx(thick, abs=2.1)
    assert paper.measure_stroke_width(np.zeros((9, 9), np.float32)) == 0


@pytest.mark.parametrize(("before", "width"), [(6, 12), (12, 6), (8, 8)])
def test_strokes_are_made_wider_and_thinner(before, width):
    middle = paper.set_stroke_width(bar(before), width)[32]
    assert middle.sum() == pytest.approx(width, abs=1.6)
    assert middle[32] == 1.0


def test_strokes_never_break_and_no_ink_stays_none():
    ink = bar(12)
    ink[30:34, :8] = 1.0  # a thin one beside it: as both move alike, the thick one may get no thinner than it allows
    ink[30:33, 8:26] = 1.0
    thin = paper.set_stroke_width(ink, 0.1)
    assert thin[31, 2:26].min() > 0.5
    assert not paper.set_stroke_width(np.zeros((9, 9), np.float32), 3).any()


def test_a_steady_hand_puts_ink_where_it_is_told():
    ink = bar(8)
    steady = paper.Hand()
    rng = np.random.default_rng(0)
    same = paper.bend(ink, 64, 64, rng, steady, (1, 1), (31.5, 31.5), cells=2)
    np.testing.assert_allclose(same, ink, atol=1e-5)
    moved = paper.bend(ink, 64, 80, rng, steady, (2, 0.5), (41.5, 30.5), cells=2)
    # 8 wide and 48 high become 16 wide and 24 high, their middle 10 to the right and one up
    assert cv2.boundingRect((moved > 0.5).astype(np.uint8)) == (34, 19, 16, 24)


def test_an_unsteady_hand_is_another_each_time_and_the_same_with_the_same_seed():
    hand = paper.Hand(rotate_deg=5, shear_deg=5, stretch=0.1, waver=0.05)
    draw = [
        paper.bend(bar(8), 64, 64, np.random.default_rng(seed), hand, (1, 1), (31.5, 31.5), 3) for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(draw[0], draw[1])
    assert np.abs(draw[0] - draw[2]).max() > 0.5


def test_paper_and_contrast_are_those_of_the_look():
    look = paper.Look(paper=(200, 200), contrast=(0.75, 0.75))
    ink = np.array([[0.0, 1.0, 0.5]], np.float32)
    assert paper.photograph(ink, np.random.default_rng(0), look).tolist() == [[200, 50, 125]]


def test_grain_shading_and_lines_change_the_paper_by_as_much_as_said():
    blank = np.zeros((64, 256), np.float32)
    rng = np.random.default_rng(0)
    grain = paper.photograph(blank, rng, paper.Look(paper=(128, 128), contrast=(1, 1), grain=(5, 5)))
    assert 3 < grain.std() < 7
    shaded = paper.photograph(blank, rng, paper.Look(paper=(200, 200), contrast=(1, 1), shading=(40, 40)))
    assert shaded.max() <= 200
    assert shaded.min() >= 160
    assert np.abs(np.diff(shaded.astype(int), axis=1)).max() <= 2
    ruled = paper.photograph(blank, rng, paper.Look(paper=(200, 200), contrast=(1, 1), ruled=1.0))
    assert (ruled < 190).any(axis=0).all()
    assert (ruled == 200).any(axis=0).all()


def test_a_line_is_drawn_over_what_is_there():
    ink = np.full((5, 9), 0.4, np.float32)
    paper.draw_line(ink, (0, 2), (8, 2), 1, 0.8)
    assert 0.6 < ink[2, 1:8].min() <= ink[2, 1:8].max() <= 0.8  # its edges are smooth
    assert ink[0].tolist() == pytest.approx([0.4] * 9)


def test_pictures_are_png_without_loss_or_jpeg():
    grey = np.random.default_rng(0).integers(0, 256, (16, 24), np.uint8)
    rng = np.random.default_rng(0)
    png = paper.encode(grey, rng, paper.Look(paper=(0, 0), contrast=(1, 1)))
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), grey)
    assert paper.encode(grey, rng, paper.Look(paper=(0, 0), contrast=(1, 1), jpeg=(50, 60)))[:2] == b"\xff\xd8"
