"""Fitting by NumPy: values worked out by hand."""

import numpy as np
import pytest

from tfx_ocr.components.recipe import Image, LineImage
from tfx_ocr.data.pixels import compose, glyph, line, numpy_ops, ops


def planes(grey, opacity=255.0):
    grey = np.asarray(grey, np.float64)
    return np.stack([grey, grey, grey, np.full_like(grey, opacity) if np.isscalar(opacity) else np.array(opacity)])


def pixels(grey):
    return np.asarray(grey, np.uint8)[..., None]


def dense(taps, length):
    weights = np.zeros((len(taps.pixels), length))
    for row, (pixels, values) in enumerate(zip(taps.pixels, taps.weights, strict=True)):
        for pixel, value in zip(pixels, values, strict=True):
            if value:
                weights[row, int(pixel)] += value
    return weights


def test_average_shares_a_pixel_between_two_stretches():
    assert dense(ops.average(numpy_ops, 3.0, 2.0), 3) == pytest.approx(
        np.array([[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]]), abs=1 / ops.WEIGHT
    )


def test_interpolate_interpolates_and_leaves_out_what_lies_outside():
    # twice as large, moved right by one pixel: output 0 samples at -0.25, outside; 1 at 0.25; 2 at 0.75
    weights = dense(ops.interpolate(numpy_ops, 2.0, 5, 2.0, 1.0), 2)
    assert weights == pytest.approx(np.array([[0, 0], [1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]))


def test_interpolate_averages_where_it_shrinks():
    # half as large: a triangle two pixels wide on either side
    weights = dense(ops.interpolate(numpy_ops, 4.0, 2, 0.5, 0.0), 4)
    assert weights[0] == pytest.approx(np.array([3, 3, 1, 0]) / 7, abs=2 / ops.WEIGHT)


def test_stretch_repeats_the_edges():
    assert dense(ops.stretch(numpy_ops, 2.0, 4.0), 2) == pytest.approx(
        np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    )


def test_spread_takes_the_maximum_of_the_neighborhood():
    image = np.array([[0.0, 0, 0, 5], [0, 0, 0, 0], [1, 0, 0, 0]])
    assert ops.spread(numpy_ops, image, 3, 1).tolist() == [[0, 0, 0, 5], [1, 0, 0, 5], [1, 0, 0, 0]]
    assert ops.spread(numpy_ops, image, 1, 3).tolist() == [[0, 0, 5, 5], [0, 0, 0, 0], [1, 1, 0, 0]]


@pytest.mark.parametrize("size", [1, 3, 5, 7, 9, 13])
def test_spread_of_any_size_is_the_maximum_around(size):
    row = np.random.default_rng(size).uniform(size=(1, 20))
    reach = size // 2
    expected = [row[0, max(0, at - reach) : at + reach + 1].max() for at in range(20)]
    assert ops.spread(numpy_ops, row, 1, size)[0].tolist() == expected
    assert ops.spread(numpy_ops, row.T, size, 1)[:, 0].tolist() == expected


def test_a_function_sees_the_rows_around_those_that_are_wanted_and_no_others():
    x, seen = np.arange(20.0)[:, None] * np.ones(3), []

    def add_above_and_below(rows):
        seen.append(rows[:, 0].tolist())
        return numpy_ops.pad(rows, [(1, 1), (0, 0)], 0.0)[:-2] + numpy_ops.pad(rows, [(1, 1), (0, 0)], 0.0)[2:]

    wanted = np.isin(np.arange(20), [0, 9, 11, 19])
    found = numpy_ops.apply_to_bands(add_above_and_below, x, wanted, 1)
    assert seen == [[0, 1], [8, 9, 10, 11, 12], [18, 19]]
    assert found[wanted].tolist() == [[1.0] * 3, [18.0] * 3, [22.0] * 3, [18.0] * 3]
    assert not numpy_ops.apply_to_bands(add_above_and_below, x, wanted & False, 1).any()


def test_padding_surrounds_by_a_value():
    assert numpy_ops.pad(np.ones((1, 2)), [(1, 0), (0, 2.0)], 7.0).tolist() == [[7, 7, 7, 7], [1, 1, 7, 7]]


@pytest.mark.parametrize("axis", [-1, -2])
def test_taps_without_weight_do_not_count(axis):
    x = np.array([[1.0, 2, 4], [8, 16, 32], [64, 128, 256]])
    places, weights = np.array([[0, 1, 2], [2, 0, 1]]), np.array([[0.5, 0, 0.25], [1, 0, 0]])
    expected = (
        np.array([0.5 * x[0] + 0.25 * x[2], x[2]])
        if axis == -2
        else np.array([0.5 * x[:, 0] + 0.25 * x[:, 2], x[:, 2]]).T
    )
    assert numpy_ops.gather_sum(x, places, weights, axis).tolist() == expected.tolist()
    assert numpy_ops.gather_sum(x, places, weights * 0, axis).tolist() == (expected * 0).tolist()


@pytest.mark.parametrize(("ink", "ground"), [(0.0, 255.0), (255.0, 0.0)], ids=["dark_on_white", "light_on_black"])
def test_transparency_is_laid_on_the_ground_that_differs_from_the_ink(ink, ground):
    laid = compose.compose(numpy_ops, planes([[ink, ink]], [[255.0, 0.0]]), 1)
    assert laid.tolist() == [[[ink, ground]]]


def test_an_opaque_light_image_stays_as_it_is():
    assert compose.compose(numpy_ops, planes([[255.0, 200.0]]), 1).tolist() == [[[255.0, 200.0]]]


@pytest.mark.parametrize("turned", [False, True], ids=["dark_on_light", "light_on_dark"])
@pytest.mark.parametrize("around", [0, 3, 40], ids=["tight", "some_margin", "wide_margin"])
def test_margin_and_polarity_make_no_difference(turned, around):
    image = np.full((20 + 2 * around, 12 + 2 * around), 255.0)
    image[around + 2 : around + 18, around + 5 : around + 7] = 0.0
    image[around + 2 : around + 4, around + 2 : around + 10] = 0.0
    spec = Image(height=28, width=28)
    fitted = glyph.fit(numpy_ops, pixels(255.0 - image if turned else image), spec)
    assert fitted.shape == (28, 28, 1)
    assert fitted.dtype == np.uint8
    rows, _ = np.nonzero(fitted[..., 0] > 127)
    assert (rows.min(), rows.max()) == (4, 23)  # 28 / 1.4 = 20 rows in the middle
    assert fitted.max() == 255
    assert fitted[:3].max() == 0


def test_a_blank_image_gives_paper():
    assert glyph.fit(numpy_ops, pixels(np.full((9, 9), 77.0)), Image(height=28, width=28)).max() == 0
    assert line.fit(numpy_ops, pixels(np.full((40, 300), 77.0)), LineImage(height=32, width=640)).max() == 0


def test_a_line_stands_at_the_left_and_its_rules_are_gone():
    image = np.full((60, 400), 230.0)
    image[50:52] = 40.0  # a rule of the form
    for left in range(60, 200, 20):
        image[15:45, left : left + 4] = 20.0
    fitted = line.fit(numpy_ops, pixels(image), LineImage(height=32, width=640, margin=0.1))[..., 0]
    columns = np.nonzero(fitted.max(0) > 127)[0]
    assert columns[0] == 3  # a margin of 0.1 heights
    assert columns[-1] < 140
    assert (fitted[3:29, columns] > 127).mean() > 0.9  # strokes are as high as the strip, the rule is not there
