import cv2
import numpy as np
import pytest

from tfx_ocr.serving.reader import ink


def draw(paper, dark):
    page = np.full((400, 300), paper, np.uint8)
    page[100:105, 50:250] = dark
    return page


@pytest.mark.parametrize(("paper", "stroke"), [(240, 40), (30, 230)], ids=["dark_ink", "light_ink"])
def test_ink_is_the_distance_from_the_paper(paper, stroke):
    flat = ink.flatten(draw(paper, stroke))
    assert flat[102, 150] == 200
    assert flat[50, 150] == flat[300, 20] == 0


def test_shadow_is_not_ink():
    page = draw(240, 40).astype(float) * np.linspace(1.0, 0.5, 300)
    flat = ink.flatten(page.astype(np.uint8))
    mask = ink.binarize(flat, ink.find_threshold(flat))
    assert mask[100:105, 60:240].all()
    assert not mask[:95].any()
    assert not mask[110:].any()


def test_threshold_is_a_share_of_strong_ink_and_never_noise():
    flat = np.zeros((10, 10), np.uint8)
    assert ink.find_threshold(flat) >= ink.FAINTEST
    flat[:5] = 200
    assert ink.find_threshold(flat) == round(ink.INK * 200)


def test_blank_paper_has_no_ink():
    flat = ink.flatten(np.full((50, 50), 200, np.uint8))
    assert not ink.binarize(flat, ink.find_threshold(flat)).any()


@pytest.mark.parametrize("angle", [-5.0, -1.3, 0.0, 2.5, 5.0])
def test_skew_is_measured_to_a_tenth_and_undone(angle):
    mask = np.zeros((1000, 800), np.uint8)
    for y in range(200, 800, 60):
        mask[y : y + 6, 150:650] = 1
    turned = cv2.warpAffine(mask, cv2.getRotationMatrix2D((400, 500), -angle, 1.0), (800, 1000))
    found = ink.measure_skew(turned)
    assert found == pytest.approx(angle, abs=0.11)
    turn, sheet = ink.find_rotation((800, 1000), found)
    upright = ink.rotate(turned, turn, sheet)
    assert int(upright.sum()) == pytest.approx(30_000, rel=0.05)
    assert ink.measure_skew(upright) == pytest.approx(0.0, abs=0.11)


@pytest.mark.parametrize("height", [900, 1400, 1750, 3508])
def test_skew_is_measured_on_pages_of_every_height(height):
    mask = np.zeros((height, 800), np.uint8)
    for y in range(100, height - 100, 61):
        mask[y : y + 6, 100:700] = 1
    turned = cv2.warpAffine(mask, cv2.getRotationMatrix2D((400, height / 2), -2.0, 1.0), (800, height))
    assert ink.measure_skew(turned) == pytest.approx(2.0, abs=0.11)


def draw_words(page, value, rows, left=150, right=650):
    for y in rows:
        for x in range(left, right, 12):
            page[y : y + 14, x : x + 5] = value


@pytest.mark.parametrize(("table", "paper", "stroke"), [(5, 190, 60), (250, 40, 200)], ids=["dark", "light"])
def test_a_sheet_on_a_table_of_the_other_shade_has_its_own_ink(table, paper, stroke):
    page = np.full((1000, 800), table, np.uint8)
    page[40:960, 100:700] = paper
    draw_words(page, stroke, range(200, 800, 60))
    flat = ink.flatten(page)
    assert flat[207, 152] > 100
    assert flat[240, 300] < ink.FAINTEST


def test_faint_print_beside_strong_becomes_as_strong():
    page = np.full((1000, 800), 250, np.uint8)
    draw_words(page, 20, range(60, 160, 30))
    draw_words(page, 200, range(500, 900, 30))
    flat = ink.flatten(page)
    assert flat[507, 152] < ink.find_threshold(flat)
    even = ink.normalize(flat)
    threshold = ink.find_threshold(even)
    assert even[507, 152] >= threshold
    assert even[67, 152] >= threshold
    assert not even[300:400].any()


def test_ink_of_one_strength_and_pages_without_ink_stay_as_they_are():
    page = np.full((1000, 800), 250, np.uint8)
    assert not ink.normalize(ink.flatten(page)).any()
    draw_words(page, 50, range(100, 900, 30))
    flat = ink.flatten(page)
    np.testing.assert_allclose(ink.normalize(flat), flat, atol=12)


def test_a_page_without_lines_has_no_skew():
    assert ink.measure_skew(np.zeros((20, 20), np.uint8)) == 0.0
    mask = np.zeros((600, 600), np.uint8)
    mask[300, 300] = 1
    assert ink.measure_skew(mask) == pytest.approx(0.0, abs=7.0)


def test_a_turned_sheet_holds_the_whole_page():
    turn, (width, height) = ink.find_rotation((800, 1000), 5.0)
    corners = np.array([(0, 0, 1), (800, 0, 1), (0, 1000, 1), (800, 1000, 1)]) @ turn.T
    assert corners.min() >= -1
    assert (corners.max(0) <= (width + 1, height + 1)).all()
