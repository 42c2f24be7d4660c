import numpy as np
import pytest

from tfx_ocr.serving.reader.glyphs import Blob, Grid, crop, find_blobs, find_smallest, list_chains, list_parts


def block(left, top, width, height):
    return Blob(left, top, np.ones((height, width), bool))


def test_blobs_are_connected_ink_without_specks_and_pictures():
    mask = np.zeros((1200, 1100), np.uint8)
    mask[10:30, 10:14] = 1
    mask[40:43, 40:43] = 1  # 9 pixels: a speck
    mask[300:900, 300:900] = 1  # a picture
    (blob,) = find_blobs(mask)
    assert (blob.left, blob.top, blob.right, blob.bottom) == (10, 10, 14, 30)
    assert blob.mask.all()


@pytest.mark.parametrize(("size", "smallest"), [((100, 80), 10), ((3508, 2480), 11), ((7016, 4960), 23)])
def test_the_smallest_glyph_follows_the_page(size, smallest):
    assert find_smallest(size) == smallest


def test_joined_blobs_keep_their_places():
    both = block(10, 10, 2, 3).join(block(20, 5, 2, 2))
    assert (both.left, both.top, both.width, both.height) == (10, 5, 12, 8)
    assert both.mask.sum() == 10
    assert both.mask[5:8, :2].all()
    assert both.mask[:2, 10:].all()


def test_two_bars_that_touch_are_cut_where_least_ink_is():
    mask = np.zeros((60, 50), bool)
    mask[:, :20] = mask[:, 30:] = True
    mask[30:33, 20:30] = True  # the bridge
    parts = list_parts(Blob(100, 200, mask), narrowest=9, widest=70)
    halves = {(part.left, part.right) for part in parts.values()}
    assert any(left == 100 and 120 <= right <= 130 for left, right in halves)
    assert any(120 <= left <= 130 and right == 150 for left, right in halves)
    assert all(part.height >= 30 for part in parts.values())


def test_a_chain_is_neighbours_of_like_height_on_a_line():
    first, second, far = block(0, 0, 20, 40), block(30, 2, 20, 40), block(200, 0, 20, 40)
    below, tall = block(0, 100, 20, 40), block(60, -100, 20, 200)
    chains = list_chains([far, second, first, below, tall], gap=0.8)
    assert sorted([blob.left for blob in chain] for chain in chains) == [[0], [0, 30], [60], [200]]


def test_near_is_by_both_axes():
    grid = Grid([block(0, 0, 10, 10), block(15, 0, 10, 10), block(0, 30, 10, 10)])
    assert grid.list_near(block(0, 0, 10, 10), 5) == [0, 1]
    assert Grid([]).list_near(block(0, 0, 1, 1), 5) == []


def test_a_crop_holds_its_own_ink_alone():
    ink = np.full((50, 50), 7, np.uint8)
    ink[20:30, 20:24] = 200
    ink[20:30, 26:28] = 150  # a neighbour
    (picture,) = crop(ink, [block(20, 20, 4, 10)], margin=0.2)
    assert picture.shape == (16, 10)  # 3 of paper on each side: 1 + 0.2 x 10
    assert (picture[3:13, 3:7] == 200).all()
    assert picture.sum() == 200 * 40
