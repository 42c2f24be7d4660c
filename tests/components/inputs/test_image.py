from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfx_ocr.components.inputs import get_input, image
from tfx_ocr.components.recipe import Image as Spec
from tfx_ocr.components.recipe import ImageAugmentation
from tfx_ocr.data import features

pytestmark = pytest.mark.tfx

SPEC = Spec(height=28, width=28, margin=0.2)
SHIFT_ONLY = ImageAugmentation(pad=3)
ALL_CHANGES = ImageAugmentation(pad=4, rotate_deg=12.0, shear_deg=10.0, scale=0.12, elastic=2.0, contrast=0.2, erase=5)


def encoded(values: np.ndarray | Image.Image, kind: str = "PNG", **options: int) -> bytes:
    picture = values if isinstance(values, Image.Image) else Image.fromarray(values)
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def glyph(height: int = 40, width: int = 40, *, top: int = 10, left: int = 10) -> np.ndarray:
    """Draw an L of light ink, 20 rows by 15 columns, on dark paper."""
    values = np.zeros((height, width), np.uint8)
    values[top : top + 20, left : left + 5] = 255
    values[top + 15 : top + 20, left : left + 15] = 255
    return values


@pytest.fixture(scope="module")
def fitted():
    """Return `fit` as one graph for all tests of this file."""
    run = tf.function(lambda one: image.fit(one, SPEC), input_signature=[tf.TensorSpec([], tf.string)])
    return lambda image_bytes: run(image_bytes).numpy()


@pytest.fixture(scope="module")
def changed():
    pictures = np.stack([glyph(28, 28, top=4, left=6)] * 64)[..., np.newaxis]

    def run(
        changes: ImageAugmentation, seed: tuple[int, int], spec: Spec = SPEC, of: np.ndarray = pictures
    ) -> np.ndarray:
        labels = tf.range(len(of))
        found, kept = image.augment(tf.constant(of), labels, tf.constant(seed, tf.int64), changes, spec)
        assert kept is labels
        return found.numpy()

    return run


def test_ink_fills_the_size_less_its_margin(fitted):
    result = fitted(encoded(glyph()))
    assert result.shape == (28, 28, 1)
    assert result.dtype == np.uint8
    # the L is 20 high: 28 / (1 + 2 * 0.2) = 20 rows of ink, from row 4 to 23; 15 wide, in the middle: from 6.5 to 21.5
    rows, columns = np.nonzero(result[..., 0] > 200)
    assert (rows.min(), rows.max()) == (4, 23)
    assert (columns.min(), columns.max()) == (7, 20)
    assert set(result[12, 8:11, 0]) == {255}
    assert set(result[:4].ravel()) == {0}


@pytest.mark.parametrize(
    "image_bytes",
    [
        encoded(255 - glyph()),
        encoded(glyph(120, 90, top=70, left=50)),
        encoded(glyph(22, 17, top=1, left=1)),
        encoded((glyph() * 0.5 + 60).astype(np.uint8)),
        encoded((glyph().astype(np.uint16)) * 257),
        encoded(Image.fromarray(255 - glyph()).convert("RGB")),
        encoded(Image.fromarray(glyph()).convert("P")),
        encoded(Image.merge("LA", [Image.new("L", (40, 40), 0), Image.fromarray(glyph())])),
        encoded(Image.merge("RGBA", [*[Image.new("L", (40, 40), 0)] * 3, Image.fromarray(glyph())])),
        encoded(Image.fromarray(glyph()).convert("RGB"), "BMP"),
        encoded(Image.fromarray(glyph()), "GIF"),
    ],
    ids=[
        "negative",
        "wide_margin",
        "one_pixel_of_margin",
        "low_contrast",
        "16_bits",
        "colour",
        "palette",
        "ink_in_alpha",
        "ink_in_colour_alpha",
        "bmp",
        "gif",
    ],
)
def test_the_same_glyph_gives_the_same_pixels(fitted, image_bytes):
    np.testing.assert_allclose(fitted(image_bytes).astype(int), fitted(encoded(glyph())).astype(int), atol=1)


def test_a_jpeg_gives_nearly_the_same_pixels(fitted):
    result = fitted(encoded(255 - glyph(), "JPEG", quality=90)).astype(int)
    assert np.abs(result - fitted(encoded(glyph()))).mean() < 3


def test_resolution_makes_little_difference(fitted):
    large = np.kron(glyph(), np.ones((10, 10), np.uint8))  # 400 x 400: the ink is looked for in 128 x 128
    assert np.abs(fitted(encoded(large)).astype(int) - fitted(encoded(glyph()))).mean() < 6


def test_specks_and_noise_do_not_move_the_glyph(fitted):
    values = 255 - glyph(80, 80, top=30, left=30).astype(float) * 0.7
    values += np.random.default_rng(3).normal(0, 6, values.shape)
    values = np.clip(values, 0, 255).astype(np.uint8)
    values[2, 3] = values[75, 70] = 0
    rows, columns = np.nonzero(fitted(encoded(values))[..., 0] > 128)
    assert (rows.min(), rows.max()) == (4, 23)
    assert (columns.min(), columns.max()) == (7, 20)


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (40, 30)])
def test_a_blank_picture_is_paper(fitted, level, size):
    assert fitted(encoded(np.full(size, level, np.uint8))).max() == 0


@pytest.mark.parametrize(("ink", "expected"), [(4, 0), (10, 60)])
def test_a_nearly_blank_sheet_is_not_stretched_to_ink(fitted, ink, expected):
    # 10 grey levels of ink: 10 / 32, less a tenth for paper, is 0.236 of 255; 4 are less than a fifth of 32, no stroke
    values = np.full((40, 40), 200, np.uint8)
    values[glyph() > 0] -= ink
    assert fitted(encoded(values)).max() == expected


def test_polarity_is_kept_where_the_recipe_says_so():
    spec = dataclasses.replace(SPEC, ink_is_light=False)
    light, dark = (image.fit(encoded(values), spec).numpy().astype(int) for values in (glyph(), 255 - glyph()))
    assert light[0, 0, 0] == 0
    np.testing.assert_array_equal(dark, 255 - light)


def test_the_whole_picture_is_kept_where_ink_is_not_cropped_to():
    spec = Spec(height=20, width=20, crop_to_ink=False)
    # 40 x 40 to 20 x 20: the L's 20 rows from 10 on become 10 rows from 5 on
    rows, _ = np.nonzero(image.fit(encoded(glyph()), spec).numpy()[..., 0] > 200)
    assert (rows.min(), rows.max()) == (5, 14)


def test_three_channels_keep_a_grey_picture_grey():
    result = image.fit(encoded(glyph()), dataclasses.replace(SPEC, channels=3)).numpy()
    assert result.shape == (28, 28, 3)
    np.testing.assert_array_equal(result[..., 0], result[..., 2])


def test_what_is_written_reads_back_as_the_fitted_pictures(fitted):
    raw = tf.constant([[encoded(glyph())], [encoded(255 - glyph(60, 50))]])
    written = image.transform({features.IMAGE: raw}, SPEC)
    assert written[features.PIXELS_XF].shape == (2, 1)
    assert len(written[features.PIXELS_XF].numpy()[0, 0]) == 28 * 28
    read = image.read_batch({features.PIXELS_XF: written[features.PIXELS_XF][:, 0]}, SPEC).numpy()
    np.testing.assert_array_equal(read[0], fitted(raw[0, 0]))
    np.testing.assert_array_equal(read[1], fitted(raw[1, 0]))


def test_a_graph_is_built_once_and_each_use_writes_the_fitted_pictures():
    spec = dataclasses.replace(SPEC, height=20)
    deep = Image.fromarray(glyph(30, 50).astype(np.uint16) * 200)
    pictures = [encoded(glyph()), encoded(255 - glyph(50, 30)), encoded(glyph(), "JPEG"), encoded(deep)]
    fit = tf.function(lambda one: image.fit(one, spec), input_signature=[tf.TensorSpec([], tf.string)])
    expected = [[fit(one).numpy().tobytes()] for one in pictures]
    built = image._trace.cache_info().misses
    for _ in range(2):
        transform = tf.function(lambda raw: image.transform({features.IMAGE: raw}, spec))
        raw = tf.constant([[one] for one in pictures])
        assert transform(raw)[features.PIXELS_XF].numpy().tolist() == expected
        with pytest.raises(tf.errors.InvalidArgumentError, match="PNG"):
            transform(tf.constant([[pictures[0]], [pictures[0][:60]]]))
    assert image._trace.cache_info().misses == built + 1


def test_pictures_of_many_sizes_and_kinds_are_each_fitted_as_alone_and_stay_in_order(fitted):
    rng = np.random.default_rng(5)
    pictures = [
        encoded(glyph(top=int(rng.integers(0, 20)), left=int(rng.integers(0, 25)))) for _ in range(image.LOT + 9)
    ]
    color = Image.fromarray(np.stack([glyph(), 255 - glyph(), glyph()], -1))
    pictures[3:3] = [
        encoded(color),
        encoded(color.convert("P")),
        encoded(color.convert("RGBA")),
        encoded(glyph(), "BMP"),
    ]
    pictures[9:9] = [encoded(glyph(40, 41)), encoded(glyph(41, 40)), encoded(Image.fromarray(glyph()), transparency=0)]
    pictures[40:40] = [encoded(255 - glyph(300, 200)), encoded(glyph().astype(bool)), encoded(glyph(), "GIF")]
    turned = Image.Exif()
    turned[0x0112] = 6
    pictures.append(encoded(Image.fromarray(glyph()), exif=turned))
    written = image.transform({features.IMAGE: tf.constant(pictures)[:, tf.newaxis]}, SPEC)[features.PIXELS_XF]
    assert written.numpy()[:, 0].tolist() == [fitted(one).tobytes() for one in pictures]


def test_no_pictures_give_none():
    written = image.transform({features.IMAGE: tf.zeros([0, 1], tf.string)}, SPEC)
    assert written[features.PIXELS_XF].shape == (0, 1)


@pytest.mark.parametrize("strange", [b"hello", b""], ids=["text", "empty"])
def test_what_is_no_picture_is_named_by_its_number(strange):
    raw = tf.constant([[encoded(glyph())], [strange]])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"counted from 0:[^0-9]*1"):
        image.transform({features.IMAGE: raw}, SPEC)


def test_a_truncated_picture_is_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError, match="PNG"):
        image.transform({features.IMAGE: tf.constant([[encoded(glyph())[:60]]])}, SPEC)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(monkeypatch, kind):
    monkeypatch.setattr(image, "MOST_PIXELS", 200)
    assert image.decode(tf.constant(encoded(Image.new("L", (10, 20)), kind))).shape[:2] == (20, 10)
    monkeypatch.setattr(tf.io, "decode_image", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"may have 200; .*\[10\] \[21\]"):
        image.decode(tf.constant(encoded(Image.new("L", (10, 21)), kind)))


def test_scaling_sends_0_and_255_to_the_ends_of_the_range():
    values = tf.constant([0, 51, 255], tf.uint8)
    np.testing.assert_allclose(image.scale(values, SPEC), [-1, -0.6, 1], atol=1e-6)
    np.testing.assert_allclose(
        image.scale(values, dataclasses.replace(SPEC, scaled=(0.0, 1.0))), [0, 0.2, 1], atol=1e-6
    )


@pytest.mark.parametrize(("paper", "low", "high"), [(0, -1.0, 1.0), (0, 0.0, 1.0), (255, -1.0, 1.0)])
def test_ink_is_a_contrast_of_half_the_range_over_more_than_a_speck(paper, low, high):
    faint, speck, stroke = pictures = np.full((3, 28, 28, 1), float(paper))
    ink = 255.0 - paper
    faint[4:24, 12:16] += (ink - paper) * 0.49
    speck[9, 9:12] = ink  # 3 of 28 x 28 pixels are 0.0038
    stroke[9:13, 9] = ink  # 4 are 0.0051
    spec = dataclasses.replace(SPEC, scaled=(low, high))
    scaled = (pictures / 255.0 * (high - low) + low).astype(np.float32)
    assert np.asarray(image.find_ink(tf.constant(scaled), spec)).tolist() == [0.0, 0.0, 1.0]


def test_no_changes_leave_pictures_alone(changed):
    found = changed(ImageAugmentation(), (7, 1))
    np.testing.assert_array_equal(found, np.stack([glyph(28, 28, top=4, left=6)] * 64)[..., None])


def test_the_same_seed_gives_the_same_pictures_and_another_others(changed):
    first = changed(ALL_CHANGES, (7, 1))
    np.testing.assert_array_equal(first, changed(ALL_CHANGES, (7, 1)))
    assert (first != changed(ALL_CHANGES, (7, 2))).any()
    assert (first != changed(ALL_CHANGES, (8, 1))).any()


def test_each_picture_of_a_batch_is_changed_apart(changed):
    assert len({picture.tobytes() for picture in changed(ALL_CHANGES, (7, 1))}) == 64


def test_a_shift_moves_whole_pixels_up_to_the_pad_and_no_further(changed):
    moved = set()
    for picture in changed(SHIFT_ONLY, (7, 1)):
        rows, columns = np.nonzero(picture[..., 0])
        moved.add((rows.min() - 4, columns.min() - 6))
        np.testing.assert_array_equal(picture[rows.min() :, columns.min() :, 0][:20, :15], glyph(20, 15, top=0, left=0))
    # 49 places, 64 draws: the farthest of each side are among them
    assert {min(y for y, _ in moved), max(y for y, _ in moved)} == {-3, 3}
    assert {min(x for _, x in moved), max(x for _, x in moved)} == {-3, 3}


def test_a_zoom_stays_within_its_bounds(changed):
    # 20 rows become 20 * 0.8 = 16 to 20 * 1.2 = 24, one more where an edge lies between two pixels
    heights = [
        np.ptp(np.nonzero(picture[..., 0] > 127)[0]) + 1 for picture in changed(ImageAugmentation(scale=0.2), (7, 1))
    ]
    assert 15 <= min(heights) < 18
    assert 22 < max(heights) <= 25


@pytest.mark.parametrize("ink_is_light", [True, False])
def test_refitted_ink_fills_the_size_less_its_margin_whatever_was_done_to_it(changed, ink_is_light):
    spec = dataclasses.replace(SPEC, height=30, margin=0.1, ink_is_light=ink_is_light)
    strong = ImageAugmentation(rotate_deg=20, shear_deg=20, scale=0.3, elastic=3, refit=True)
    of = np.stack([glyph(30, 28, top=8, left=9), glyph(30, 28, top=2, left=0)] * 32)[..., np.newaxis]
    found = changed(strong, (7, 1), spec, of=of if ink_is_light else 255 - of)
    for picture in found if ink_is_light else 255 - found:
        rows, columns = np.nonzero(picture[..., 0] >= 0.35 * picture.max())
        # 28 x 28 less a tenth of the ink on each side are 23.3 across; 30 down, 25
        assert max(np.ptp(rows) / 25, np.ptp(columns) / 23.3) == pytest.approx(0.95, abs=0.08)  # an edge is blurred
        assert (rows.min() + rows.max()) / 2 == pytest.approx(14.5, abs=1)
        assert (columns.min() + columns.max()) / 2 == pytest.approx(13.5, abs=1)


def test_refitting_alone_makes_ink_as_large_as_fitting_does_and_shifts_it_by_the_pad(changed, fitted):
    expected = fitted(encoded(glyph()))[..., 0].astype(int)
    small = changed(ImageAugmentation(refit=True), (7, 1))[:, :, :, 0].astype(int)
    assert np.abs(small - expected).mean() < 4  # an edge that lies elsewhere between two pixels
    rows = [np.nonzero(picture > 127)[0].min() for picture in changed(ImageAugmentation(refit=True, pad=3), (7, 1))]
    assert np.ptp(rows) == 6


def test_a_blank_picture_is_refitted_to_itself(changed):
    blank = np.zeros((4, 28, 28, 1), np.uint8)
    assert not changed(ImageAugmentation(refit=True, rotate_deg=9), (7, 1), of=blank).any()


def test_contrast_changes_the_ink_within_its_bounds(changed):
    grey = np.full((64, 28, 28, 1), 100, np.uint8)
    levels = changed(ImageAugmentation(contrast=0.2), (7, 1), of=grey)[:, 14, 14, 0]
    assert 79 <= levels.min() < 85
    assert 115 < levels.max() <= 120


def test_erasing_paints_a_square_in_about_half_of_the_pictures(changed):
    white = np.full((64, 28, 28, 1), 255, np.uint8)
    painted = [int((picture == 0).sum()) for picture in changed(ImageAugmentation(erase=5), (7, 1), of=white)]
    assert set(painted) == {0, 25}
    assert 16 < painted.count(25) < 48


def test_an_elastic_change_moves_no_pixel_further_than_its_amplitude(changed):
    # a vertical edge at column 14: bicubic interpolation overshoots the arrows by less than a third
    half = np.zeros((64, 28, 28, 1), np.uint8)
    half[:, :, 14:] = 255
    moved = changed(ImageAugmentation(elastic=2.0), (7, 1), of=half)
    assert (moved[:, :, :11] == 0).all()
    assert (moved[:, :, 17:] == 255).all()
    assert (moved != half).any()


def test_paper_comes_in_at_the_edges_of_dark_ink_too(changed):
    spec = dataclasses.replace(SPEC, ink_is_light=False)
    light = np.stack([glyph(28, 28, top=4, left=6)] * 8)[..., np.newaxis]
    np.testing.assert_array_equal(
        changed(SHIFT_ONLY, (7, 1), spec, of=255 - light), 255 - changed(SHIFT_ONLY, (7, 1), of=light)
    )


@pytest.fixture
def changed_with_strangers(monkeypatch):
    """Return `augment` with grey 100 in place of drawn strangers, 101 of a familiar: pictures and labels of 1,000."""
    drawn = np.full((4, 28, 28, 1), 100, np.uint8), np.full(4, -1)
    drawn[0][3], drawn[1][3] = 101, 5
    monkeypatch.setattr(image, "draw_strangers", lambda spec, foreign, familiar: drawn)
    left_and_right = np.zeros((1000, 28, 28, 1), np.uint8)
    left_and_right[:, :, :14], left_and_right[:, :, 14:] = 10, 20

    def run(share: float, seed: tuple[int, int] = (7, 1), spec: Spec = SPEC) -> tuple[np.ndarray, np.ndarray]:
        pictures = left_and_right if spec.ink_is_light else 255 - left_and_right
        labels, changes = tf.range(1000, dtype=tf.int64), ImageAugmentation(strangers=share, foreign="AB")
        found, labels = image.augment(tf.constant(pictures), labels, tf.constant(seed, tf.int64), changes, spec)
        return (found if spec.ink_is_light else 255 - found).numpy()[..., 0], labels.numpy()

    return run


def test_a_share_of_the_pictures_becomes_strangers_of_label_minus_one(changed_with_strangers):
    pictures, labels = changed_with_strangers(0.25)
    is_stranger = (labels == -1) | (pictures == 101).all(axis=(1, 2))
    assert labels.dtype == np.int64
    assert 200 < is_stranger.sum() < 300  # of 1,000 a quarter: 250, standard deviation 14
    np.testing.assert_array_equal(labels[~is_stranger], np.arange(1000)[~is_stranger])
    assert (pictures[~is_stranger][:, 2, ::27] == [10, 20]).all()
    assert not (pictures[is_stranger][:, 2, ::27] == [10, 20]).all(1).any()


def test_strangers_are_drawn_or_two_pictures_as_one(changed_with_strangers):
    pictures, labels = changed_with_strangers(1.0)
    familiar = (pictures == 101).all(axis=(1, 2))
    assert (labels == np.where(familiar, 5, -1)).all()
    assert 90 < familiar.sum() < 210  # a quarter of three fifths: 150, standard deviation 11
    drawn = familiar | (pictures == 100).all(axis=(1, 2))
    swapped = (pictures[:, :, :14] == 20).all(axis=(1, 2)) & (pictures[:, :, 14:] == 10).all(axis=(1, 2))
    # two of 28 x 28 side by side are 14 high in 28 x 28: paper above and below, each picture 14 wide
    beside = (pictures[:, :7] == 0).all(axis=(1, 2)) & (pictures[:, 21:] == 0).all(axis=(1, 2))
    assert (pictures[beside][:, 14, [2, 11, 16, 25]] == [10, 20, 10, 20]).all()
    assert (drawn.sum() + swapped.sum() + beside.sum(), drawn.sum() > 540, beside.sum() > 150) == (1000, True, True)


def test_strangers_follow_from_the_seed_and_take_the_polarity_of_the_pictures(changed_with_strangers):
    pictures, labels = changed_with_strangers(0.5)
    for spec in (SPEC, dataclasses.replace(SPEC, ink_is_light=False)):
        again = changed_with_strangers(0.5, spec=spec)
        np.testing.assert_array_equal(pictures, again[0])
        np.testing.assert_array_equal(labels, again[1])
    assert (labels != changed_with_strangers(0.5, (7, 2))[1]).any()


def test_a_record_is_asked_with_its_bytes_as_they_came():
    record = tf.train.Example()
    record.features.feature[features.IMAGE].bytes_list.value.append(b"as it came")
    (asked,) = image.build_request([record, record]).items()
    assert (asked[0], asked[1].tolist()) == (features.IMAGE_BYTES_IN, [b"as it came"] * 2)


def test_an_unknown_input_is_answered_with_the_known():
    with pytest.raises(ValueError, match="no input 'picture'; known: image"):
        get_input("picture")
