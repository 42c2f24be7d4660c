from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfx_ocr.components.inputs import line_image
from tfx_ocr.components.recipe import ImageAugmentation, LineImage

pytestmark = pytest.mark.tfx

SPEC = LineImage(height=40, width=400, margin=0.05)
SHARED = Path(os.environ.get("TFX_OCR_DATA", "../shared/data"))


def encoded(values: np.ndarray, kind: str = "PNG", **options: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def fitted():
    """Return `fit` as one graph for all tests of this file: [height, width] uint8."""
    run = tf.function(lambda one: line_image.fit(one, SPEC), input_signature=[tf.TensorSpec([], tf.string)])

    def fit(values: np.ndarray | bytes) -> np.ndarray:
        result = run(values if isinstance(values, bytes) else encoded(values)).numpy()
        assert (result.shape, result.dtype) == ((40, 400, 1), np.uint8)
        return result[..., 0]

    return fit


def writing(height: int = 64, width: int = 300, *, top: int = 16, left: int = 20, ink: int = 40) -> np.ndarray:
    """Draw an H, an L and an I of strokes 4 wide, 32 high, 80 long in all, on paper of 230."""
    values = np.full((height, width), 230, np.uint8)
    for x in (0, 20, 40, 76):
        values[top : top + 32, left + x : left + x + 4] = ink
    values[top + 14 : top + 18, left : left + 24] = ink
    values[top + 28 : top + 32, left + 40 : left + 60] = ink
    return values


def box(strip: np.ndarray) -> tuple[int, int, int, int]:
    """Return the first and last row, first and last column of ink."""
    rows, columns = np.nonzero(strip > 128)
    return rows.min(), rows.max(), columns.min(), columns.max()


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean difference as a share of the first one's ink."""
    return np.abs(one.astype(float) - other).sum() / one.sum()


def test_the_line_fills_the_strips_height_at_its_left(fitted):
    strip = fitted(writing())
    # 32 rows to 40 / 1.1 = 36.4, from 1.8 to 38.2; 80 columns x 1.136 = 90.9, from 2 on
    assert box(strip) == (2, 37, 2, 92)
    assert strip.max() == 255
    assert not strip[:, 96:].any()


@pytest.mark.parametrize(("height", "top", "left"), [(32, 0, 0), (64, 30, 200), (90, 3, 7), (96, 60, 100)])
def test_margins_make_little_difference(fitted, height, top, left):
    strip = fitted(writing(height, 320, top=top, left=left))
    assert apart(fitted(writing()), strip) < 0.1


def test_light_ink_is_turned_over(fitted):
    np.testing.assert_array_equal(fitted(255 - writing()), fitted(writing()))


@pytest.mark.parametrize("shade", [(0, 120), (120, 0)], ids=["from_the_left", "from_the_right"])
@pytest.mark.parametrize("light", [False, True], ids=["dark_ink", "light_ink"])
def test_shading_is_no_ink(fitted, shade, light):
    # a curve, so that most of the paper is nearer to the ink's grey than to the lightest paper's
    dark = shade[0] + (shade[1] - shade[0]) * np.linspace(0, 1, 300) ** 0.5
    values = (writing(ink=20).astype(float) - dark).clip(0, 255).astype(np.uint8)
    strip = fitted(255 - values if light else values)
    assert apart(fitted(writing()), strip) < 0.25
    assert not strip[:, 100:].any()


def test_a_bright_spot_does_not_turn_the_line_over(fitted):
    y, x = np.mgrid[:64, :300]
    spot = np.exp(-((x - 240) ** 2 + (y - 32) ** 2) / 120.0**2)
    values = (writing(ink=60) * (0.4 + 0.6 * spot)).astype(np.uint8)
    assert apart(fitted(writing()), fitted(values)) < 0.3


def test_faint_and_strong_ink_give_the_same(fitted):
    assert apart(fitted(writing()), fitted(writing(ink=150))) < 0.05


def test_noise_on_paper_is_paper(fitted):
    noise = np.random.default_rng(0).integers(-6, 7, (64, 300))
    strip = fitted((writing() + noise).astype(np.uint8))
    assert apart(fitted(writing()), strip) < 0.05
    assert not strip[:, 100:].any()


def test_rules_of_a_form_are_taken_out(fitted):
    values = writing()
    values[4:6, :250] = values[58:60, :250] = values[4:60, 247:250] = 10
    strip = fitted(values)
    assert apart(fitted(writing()), strip) < 0.1
    assert not strip[:, 100:].any()


def test_a_rule_through_the_writing_does_not_harm_it(fitted):
    values = writing()
    values[40:42, :] = 10
    assert apart(fitted(writing()), fitted(values)) < 0.1


def test_long_strokes_of_a_tight_crop_are_no_rules(fitted):
    tight = writing(32, 80, top=0, left=0)  # every stem stands from the upper edge to the lower one
    assert apart(fitted(writing()), fitted(tight)) < 0.1
    bars = np.full((32, 120), 230, np.uint8)  # TTT: a bar an edge long but for two gaps, and a dash as wide as high
    for x in (0, 32, 64):
        bars[:4, x : x + 28] = bars[:, x + 12 : x + 16] = 30
    bars[14:18, 96:120] = 30
    strip = fitted(bars)
    assert box(strip) == (2, 37, 2, 137)  # 120 x 40 / 1.1 / 32 = 136.4
    assert (strip[3, 5:30] > 200).all()


def test_one_letter_in_a_wide_picture_is_found(fitted):
    values = np.full((64, 1200), 230, np.uint8)
    values[20:52, 700:704] = 40
    assert box(fitted(values)) == (2, 37, 2, 6)


def test_marks_above_and_below_are_in_the_box(fitted):
    values = writing(64, 900, top=20)
    values[8:12, 44:50] = values[58:61, 44:48] = 40  # 6 x 4 and 4 x 3: a tone mark and a dot under
    strip = fitted(values)
    assert (strip[:8].max() > 200) & (strip[34:].max() > 150)
    # 53 rows to 36.4: the letters stand from (20 - 8) x 0.686 + 1.8 = 10 on
    assert box(strip[:, :14])[0] == pytest.approx(10, abs=1)


def test_specks_are_not_in_the_box(fitted):
    values = writing()
    values[2, 150] = values[61, 280] = values[10:12, 290] = 40
    np.testing.assert_allclose(box(fitted(values)), box(fitted(writing())), atol=1)


def many(count: int, *, top: int = 16) -> np.ndarray:
    """Draw `count` strokes 32 high and 4 wide, one every 10 pixels."""
    values = np.full((64, 40 + 10 * count), 230, np.uint8)
    for number in range(count):
        values[top : top + 32, 20 + 10 * number : 24 + 10 * number] = 40
    return values


def test_a_long_line_is_squeezed_first(fitted):
    # 40 strokes are 394 wide, at 36.4 / 32 of that 448, and there is room for 396
    assert box(fitted(many(40))) == (2, 37, 2, 397)


def test_a_longer_one_is_made_smaller_too(fitted):
    first, last, left, right = box(fitted(many(80)))
    assert (left, right) == (2, 397)
    # 794 wide: squeezed to 0.7 it is as high as 396 / 0.7 / 794 = 0.7125 of 32 = 22.8
    assert last - first + 1 == pytest.approx(22.8, abs=1.3)
    assert first + last == pytest.approx(39, abs=1)  # in the middle


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 300), (300, 1), (2, 2), (4, 900), (64, 10_000), (40, 40), (3000, 2000), (700, 9000)]
)
@pytest.mark.parametrize("kind", ["blank", "ink", "noise"])
def test_every_picture_gives_a_strip(fitted, shape, kind):
    values = np.full(shape, 230, np.uint8)
    if kind == "ink":
        side = min(shape) // 2
        values[side // 2 : side // 2 + side, shape[1] // 4 : shape[1] // 4 + side] = 20
    if kind == "noise":
        values = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    strip = fitted(values)  # of the right shape and type
    if kind == "blank":
        assert not strip.any()
    elif min(shape) >= 4 and (kind == "ink" or max(shape) < 1000):  # noise of a large picture is paper's grain
        assert strip.max() > 100


def test_a_line_of_ten_thousand_pixels_keeps_its_strokes(fitted):
    # 640 strokes of a line 64 high: squeezed 40 heights wide and then into the strip, but not thinned out to nothing
    strip = fitted(many(990))
    assert strip.max() > 60
    assert (strip.max(0)[4:390] > 40).all()


def test_a_photographs_size_makes_no_difference(fitted):
    large = np.kron(writing(), np.ones((12, 12), np.uint8))
    assert apart(fitted(writing()), fitted(large)) < 0.15


@pytest.mark.parametrize("kind", ["jpeg", "colour", "transparent"])
def test_kinds_of_pictures_give_the_same_strip(fitted, kind):
    grey = writing()
    if kind == "jpeg":
        data = encoded(grey, "JPEG", quality=85)
    elif kind == "colour":
        data = encoded(np.repeat(grey[..., np.newaxis], 3, 2))
    else:
        data = encoded(np.stack([np.zeros_like(grey), 255 - grey], 2))  # black ink, the paper transparent
    assert apart(fitted(grey), fitted(data)) < 0.1


def test_bytes_that_are_no_picture_are_an_error(fitted):
    with pytest.raises(tf.errors.InvalidArgumentError):
        fitted(b"text")


@pytest.mark.parametrize(
    "path", ["kalapa/training_data/images/119/22.jpg", "cinnamon/0916_Data_Samples_2/0429_samples.jpg"]
)
def test_a_real_line_is_writing_on_empty_paper(fitted, path):
    if not (SHARED / path).exists():
        pytest.skip(f"no {SHARED / path}: TFX_OCR_DATA names the folder of real data")
    strip = fitted((SHARED / path).read_bytes())
    assert 0.02 < (strip > 128).mean() < 0.3
    assert (strip > 128).mean(1).max() < 0.5  # no rule is left
    assert box(strip)[2] < 40


def test_transform_writes_the_strip_byte_by_byte(fitted):
    images = [encoded(writing()), encoded(many(40))]
    written = line_image.transform({"image": tf.constant(images)[:, tf.newaxis]}, SPEC)
    strips = line_image.read_batch(written, SPEC).numpy()
    np.testing.assert_array_equal(strips[..., 0], [fitted(image) for image in images])


LABELS = tf.constant(np.tile([7, 8, 0], (1000, 1)), tf.int64)
SEED = tf.constant([7, 1], tf.int64)


def test_a_share_of_the_lines_becomes_strangers_with_the_empty_text(monkeypatch):
    drawn = np.full((4, 4, 12, 1), 100, np.uint8)
    monkeypatch.setattr(line_image, "draw_line_strangers", lambda spec: drawn)
    spec, pictures = LineImage(height=4, width=12), tf.fill([1000, 4, 12, 1], tf.constant(10, tf.uint8))
    found, labels = line_image.augment(pictures, LABELS, SEED, ImageAugmentation(strangers=0.25), spec)
    is_stranger = found.numpy()[:, 0, 0, 0] == 100
    assert 200 < is_stranger.sum() < 300  # a quarter: 250, standard deviation 14
    np.testing.assert_array_equal(found[..., 0], np.where(is_stranger[:, None, None], 100, 10) * np.ones((4, 12)))
    np.testing.assert_array_equal(labels, np.where(is_stranger[:, None], 0, [7, 8, 0]))
    assert labels.dtype == tf.int64


def test_a_share_of_the_lines_is_cut_below_or_above_and_stretched():
    # grey is twice the row: cut below by a share c, the last row is that of 99 * (1 - c), above, the first 100 * c
    spec = LineImage(height=100, width=3)
    rows = np.tile(2 * np.arange(100, dtype=np.uint8)[:, None, None], (1000, 1, 3, 1))
    found, labels = line_image.augment(tf.constant(rows), LABELS, SEED, ImageAugmentation(cut=0.4), spec)
    first, last = found.numpy()[:, 0, 1, 0].astype(float), found.numpy()[:, -1, 1, 0].astype(float)
    below, above = (first == 0) & (last < 198), first > 0
    np.testing.assert_array_equal(labels, LABELS)
    assert 340 < (below | above).sum() < 460  # standard deviation 15
    assert 60 < above.sum() < 140  # a quarter of 400: 100, standard deviation 9
    assert last[below].min() >= 2 * 99 * 0.68 - 1
    assert last[below].max() <= 2 * 99 * 0.92 + 1
    assert first[above].min() >= 15
    assert first[above].max() <= 64
    np.testing.assert_array_equal(found.numpy()[~(below | above)], rows[~(below | above)])
    again, _ = line_image.augment(tf.constant(rows), LABELS, SEED, ImageAugmentation(cut=0.4), spec)
    np.testing.assert_array_equal(found, again)


STRONG = ImageAugmentation(pad=2, rotate_deg=1.0, shear_deg=14.0, scale=0.2, elastic=4.0)


@pytest.mark.parametrize("end", [60, 320])
def test_a_line_keeps_its_first_and_its_last_letter_whatever_is_done(end):
    # two letters, each a fifth of the height wide, at both ends of a text that fills the strip or a part of it
    spec = LineImage(height=32, width=320)
    rows = np.zeros((200, 32, 320, 1), np.uint8)
    rows[:, 8:24, 2:8] = rows[:, 8:24, end - 6 : end] = 200
    labels = tf.zeros([200, 1], tf.int64)
    found = line_image.augment(tf.constant(rows), labels, SEED, STRONG, spec)[0].numpy()[..., 0].astype(float)
    left, right = (half.sum((1, 2)) / (16 * 6 * 200) for half in np.split(found, [end // 2], 2))
    assert left.min() > 0.4  # of its ink; zoomed out to 0.8 by 0.8 it has 0.64
    assert right.min() > 0.4
    widths = found.max(1) > 64
    assert np.ptp(np.argmax(widths[:, ::-1], 1)) > 10  # and yet the last letter lies elsewhere each time


def test_a_line_of_the_batch_hangs_into_its_neighbors():
    # every second line is white, the others empty: into those hang rows of 6 to 19 % of the height
    spec = LineImage(height=100, width=4)
    rows = np.zeros((1000, 100, 4, 1), np.uint8)
    rows[1::2] = 255
    labels = tf.zeros([1000, 1], tf.int64)
    found = line_image.augment(tf.constant(rows), labels, SEED, ImageAugmentation(neighbors=0.2), spec)[0].numpy()
    empty = found[::2, :, 1, 0] > 128
    above, below = empty[:, :50].sum(1), empty[:, 50:].sum(1)
    for hanging in (above, below):
        assert 70 < (hanging > 0).sum() < 130  # a fifth of 500: 100, standard deviation 9
        assert set(hanging[hanging > 0]) <= set(range(5, 21))
    assert (found[1::2] == 255).all()
