import types

import numpy as np
import pytest

from tfx_ocr.data.pixels import numpy_ops, page

SPEC = types.SimpleNamespace(side=8)


def test_a_page_fills_the_frame_along_its_longer_side_and_paper_is_dark():
    paper = np.full((16, 8, 1), 250, np.uint8)
    paper[:, 2:4] = 10
    fitted = page.fit(numpy_ops, paper, SPEC)
    assert fitted.shape == (8, 8, 1)
    assert (fitted[:, 4:] == 0).all()  # right of the page
    assert (fitted[:, 1, 0] > 150).all()
    assert (fitted[1:-1, 3, 0] == 5).all()


def test_light_ink_stays_as_it_is():
    dark = np.full((8, 8, 1), 5, np.uint8)
    dark[3:5] = 240
    np.testing.assert_array_equal(page.fit(numpy_ops, dark, SPEC), dark)


def test_a_small_page_is_enlarged():
    small = np.full((2, 4, 1), 255, np.uint8)
    small[0] = 0
    small[0, 0] = 255
    fitted = page.fit(numpy_ops, small, SPEC)[..., 0]
    assert (fitted[4:] == 0).all()
    assert fitted[0, 7] == 255


@pytest.mark.parametrize("size", [(33, 70), (70, 33), (1, 1), (100, 3)])
def test_pages_of_any_shape_are_fitted(size):
    fitted = page.fit(numpy_ops, np.full((*size, 3), 255, np.uint8), SPEC)
    assert fitted.shape == (8, 8, 1)
    assert (fitted == 0).all()
