from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.inputs import get_input, page_image
from tfx_ocr.components.recipe import PageAugmentation, PageImage
from tfx_ocr.data import images
from tfx_ocr.data.pixels import numpy_ops
from tfx_ocr.data.pixels import page as portable

pytestmark = pytest.mark.tfx

SPEC = PageImage(side=64)


def draw_page(height, width):
    page = np.random.default_rng(height).integers(200, 255, (height, width), np.uint8)
    page[height // 3 : height // 2, width // 4 : width // 2] = 30
    return page


@pytest.mark.parametrize("size", [(300, 211), (90, 130), (40, 20), (700, 64)])
def test_the_graph_fits_a_page_as_the_portable_form_does(size):
    page = draw_page(*size)
    encoded = images.encode_png(page.tobytes(), *size)
    fitted = page_image.fit(tf.constant(encoded), SPEC).numpy()
    np.testing.assert_array_equal(fitted, portable.fit(numpy_ops, page[..., None], SPEC))


def test_pages_are_written_and_read_back_and_scaled():
    encoded = [images.encode_png(draw_page(*size).tobytes(), *size) for size in ((80, 50), (50, 80))]
    kind = get_input("page_image")
    written = kind.transform({"image": tf.constant(encoded)[:, None]}, SPEC)
    pages = kind.read_batch(written, SPEC)
    assert pages.shape == (2, 64, 64, 1)
    scaled = kind.scale(pages, SPEC).numpy()
    assert scaled[0, 0, 63, 0] == -1  # right of the page
    assert scaled.max() > 0.5


def augment(changes, seed=5):
    """Return a page with one rectangle of ink, changed, and the rectangle's corners."""
    page = np.zeros((2, 64, 64, 1), np.uint8)
    page[:, 24:36, 20:44] = 200
    row = [1.0, *(np.array([20, 24, 44, 24, 44, 36, 20, 36]) / 64)]
    labels = tf.constant([row + [-1.0] * 9] * 2, tf.float32)
    pages, moved = page_image.augment(tf.constant(page), labels, tf.constant([seed, 0]), changes, SPEC)
    return pages.numpy(), moved.numpy()


@pytest.mark.parametrize("seed", range(4))
def test_shapes_move_with_their_ink(seed):
    pages, moved = augment(PageAugmentation(rotate_deg=20, scale=0.2), seed)
    assert not np.array_equal(pages[0], pages[1])
    for page, row in zip(pages, moved, strict=True):
        assert row[0] == 1
        assert row[9] == -1  # padding
        corners = row[1:9].reshape(4, 2) * 64
        rows, columns = np.nonzero(page[..., 0] > 100)
        inside = (corners >= 1).all() and (corners <= 63).all()
        if inside:
            middle = columns.mean() + 0.5, rows.mean() + 0.5
            np.testing.assert_allclose(corners.mean(0), middle, atol=0.75)
            sides = np.linalg.norm(corners - np.roll(corners, 1, 0), axis=1)
            assert sides[0] * sides[1] == pytest.approx(len(rows), rel=0.15)
    assert any((row[1:9] > 0).all() and (row[1:9] < 1).all() for row in moved)


def test_no_changes_leave_pages_and_shapes_as_they_are():
    pages, moved = augment(PageAugmentation())
    np.testing.assert_array_equal(pages[0, 24:36, 20:44], 200)
    np.testing.assert_allclose(moved[0, 1:3] * 64, [20, 24], atol=1e-3)


def test_contrast_changes_the_ink_alone():
    pages, _ = augment(PageAugmentation(contrast=0.5))
    assert pages[0, 30, 30, 0] != 200
    assert pages[0, 0, 0, 0] == 0
    assert pages[0, 30, 30, 0] != pages[1, 30, 30, 0]


def test_pages_without_shapes_keep_none():
    pages = tf.zeros((2, 64, 64, 1), tf.uint8)
    _, moved = page_image.augment(
        pages, tf.constant([[-1.0]] * 2), tf.constant([1, 2]), PageAugmentation(scale=0.1), SPEC
    )
    assert moved.shape == (2, 0)
