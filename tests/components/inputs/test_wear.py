"""Strokes of another width, blur, fading, noise and holes, each by itself."""

from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.components.inputs import wear
from tfx_ocr.components.recipe import Image

pytestmark = pytest.mark.tfx

SPEC = Image(height=12, width=20)
PEN, BLUR, FADING, NOISE, HOLES = range(wear.KINDS)


@pytest.fixture
def ink():
    """Draw a stroke of 3 by 10 pixels on each of two pictures."""
    pictures = np.zeros((2, 12, 20, 1), np.uint8)
    pictures[:, 5:8, 5:15] = 200
    return pictures


def apply(ink, kind, lots=(0.1, 0.9), amount=1.0, **drawn):
    """Apply wear of one kind to two pictures, the second one by a lot that spares it, with a share of a half."""
    given = {
        "wear": np.ones((2 * wear.KINDS, 2), np.float32),
        "fading": np.ones((2, 1, wear.KNOTS, 1), np.float32),
        "holes": np.zeros((wear.HOLES, 4, 2), np.float32),
        "grain": np.zeros((1, 12, 20, 1), np.float32),
        **drawn,
    }
    given["wear"][kind], given["wear"][wear.KINDS + kind] = lots, amount
    return np.array(wear.apply_wear(ink, given, 0.5, SPEC))[..., 0]


def test_what_is_drawn_has_a_source_each():
    shapes = []
    drawn = wear.draw_wear(lambda shape: shapes.append(shape), 7, SPEC)
    assert list(drawn) == ["wear", "fading", "holes", "grain"]
    assert shapes == [[10, 7], [7, 1, 5, 1], [3, 4, 7], [1, 12, 20, 1]]


def test_strokes_become_thicker_or_thinner_by_a_part_of_a_pixel(ink):
    thick, spared = apply(ink, PEN, lots=(0.1, 0.6))
    assert thick[4, 10] == thick[8, 10] == 140  # 0.7 of 200
    assert thick[3, 10] == 0
    np.testing.assert_array_equal(spared, ink[1, ..., 0])
    thin, _ = apply(ink, PEN, lots=(0.4, 0.6))
    assert thin[5, 10] == 60  # 0.3 of 200
    assert thin[6, 10] == 200


def test_blur_weighs_neighbours(ink):
    blurred, spared = apply(ink, BLUR)
    assert blurred[4, 10] == 50
    assert blurred[5, 10] == 150
    assert blurred[6, 10] == 200
    np.testing.assert_array_equal(spared, ink[1, ..., 0])
    assert apply(ink, BLUR, amount=0.5)[0, 4, 10] == 25


def test_ink_fades_along_the_picture(ink):
    fading = np.tile(np.array([0, 0, 0.5, 1, 1], np.float32)[:, None], (2, 1, 1, 1))
    faded, spared = apply(ink, FADING, fading=fading)
    assert faded[6, 5] == 200
    assert faded[6, 14] == 40  # a fifth is left
    assert (np.diff(faded[6, 5:15].astype(int)) <= 0).all()
    np.testing.assert_array_equal(spared, ink[1, ..., 0])


def test_noise_is_of_some_grey_levels_either_way(ink):
    grain = np.random.default_rng(1).uniform(size=(1, 12, 20, 1)).astype(np.float32)
    ink[:] = 100
    noisy, spared = apply(ink, NOISE, grain=grain)
    assert 76 <= noisy.min() < 90
    assert 110 < noisy.max() <= 124
    assert abs(noisy.mean() - 100) < 3
    np.testing.assert_array_equal(spared, ink[1, ..., 0])


def test_holes_are_rectangles_of_paper(ink):
    ink[:] = 200
    holes = np.zeros((wear.HOLES, 4, 2), np.float32)
    holes[0, :, 0] = 0.5, 0.25, 1.0, 0.5  # from row 6 and column 5, 4 rows, 3 columns
    holes[:, :, 1] = 1.0
    worn, spared = apply(ink, HOLES, holes=holes)
    expected = np.full((12, 20), 200)
    expected[6:10, 5:8] = 0
    np.testing.assert_array_equal(worn, expected)
    np.testing.assert_array_equal(spared, 200)
