from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from tfx_ocr.components.inputs import words
from tfx_ocr.components.recipe import WordAugmentation, Words

pytestmark = pytest.mark.tfx

SPEC = Words(max_characters=4)
PAGES = [
    # two lines of words 10 high, the last word 30
    [("No", (100, 50, 120, 60)), ("TOTAL", (150, 50, 200, 60)), ("đ5", (100, 80, 300, 110))],
    [],
    [("Ab", (0, 0, 40, 20))],
]


def record(page: list[tuple[str, tuple[float, ...]]]) -> tf.train.Example:
    texts = tf.train.BytesList(value=[text.encode() for text, _ in page])
    boxes = tf.train.FloatList(value=[place for _, box in page for place in box])
    feature = {"words": tf.train.Feature(bytes_list=texts), "boxes": tf.train.Feature(float_list=boxes)}
    return tf.train.Example(features=tf.train.Features(feature=feature))


def parsed(pages: list) -> dict[str, tf.SparseTensor]:
    return tf.io.parse_example([record(page).SerializeToString() for page in pages], words.RAW)


def batch(pages: list, spec: Words = SPEC) -> dict[str, np.ndarray]:
    found = words.read_batch(words.transform(parsed(pages), spec), spec)
    return {name: value.numpy() for name, value in found.items()}


def places(*boxes: tuple[float, ...]) -> np.ndarray:
    return batch([[("x", box) for box in boxes]])["places"][0]


def test_characters_are_ascii_as_it_is_and_the_rest_folded_above():
    found = batch(PAGES)["characters"]
    assert found.dtype == np.uint8
    # đ is U+0111 = 273 = 2 x 128 + 17; TOTAL is cut after four; padding has no characters
    assert found.tolist() == [
        [[78, 111, 0, 0], [84, 79, 84, 65], [128 + 17, 53, 0, 0]],
        [[0] * 4] * 3,
        [[65, 98, 0, 0], [0] * 4, [0] * 4],
    ]


def test_every_character_is_a_number_a_network_has():
    found = batch([[("\U0001f9fe \u00a0\uac00\x7f\x80", (0, 0, 9, 9))]], Words(max_characters=8))["characters"]
    # U+1F9FE = 129534 = 1011 x 128 + 126, U+00A0 = 128 + 32, U+AC00 = 344 x 128, U+0080 = 128
    assert found[0, 0].tolist() == [254, 32, 160, 128, 127, 128, 0, 0]


def test_places_are_shares_and_multiples_of_the_median_word():
    found = batch(PAGES)["places"]
    # x from 100 to 300, y from 50 to 110, heights 10, 10, 30: median 10, 50 of which are far, 10 wide
    expected = [
        [0.0, 0.1, 0.05, 1.0, 5 / 500, 55 / 500, 5 / 60, 1.0, 30 / 100],
        [0.25, 0.5, 0.375, 1.0, 5 / 500, 55 / 500, 5 / 60, 30 / 100, 1.0],
        [0.0, 1.0, 0.5, 3.0, 45 / 500, 15 / 500, 45 / 60, 1.0, 1.0],
    ]
    np.testing.assert_allclose(found[0, :, :9], expected, atol=1e-6)
    assert not found[1].any()
    np.testing.assert_allclose(found[2, 0], [0, 1, 0.5, 1, 0.01, 0.01, 0.5, 1, 1, 0, 0, 0.25, *[0] * 4], atol=1e-6)


@pytest.mark.parametrize(
    ("heights", "median"),
    [([7], 7), ([4, 8], 4), ([4, 8, 20], 8), ([20, 4, 8, 6], 6), ([5, 5, 5, 40, 40], 5)],
    ids=["one", "two", "three", "four", "five"],
)
def test_height_is_a_multiple_of_the_lower_median(heights, median):
    found = places(*[(0, 100 * n, 10, 100 * n + height) for n, height in enumerate(heights)])
    np.testing.assert_allclose(found[:, 3], [height / median for height in heights], rtol=1e-6)


def test_the_pages_resolution_makes_no_difference():
    boxes = [(30, 40, 90, 52), (100, 41, 140, 53), (30, 70, 160, 90)]
    np.testing.assert_allclose(places(*boxes), places(*[[4.25 * x + 7 for x in box] for box in boxes]), atol=1e-5)


def test_far_is_far_and_high_is_high():
    found = places((0, 0, 10, 10), (0, 10_000, 10, 10_010), (0, 20_000, 10, 20_500))
    assert found[:, 4].tolist() == pytest.approx([0.01, 1, 1])
    assert found[:, 5].tolist() == pytest.approx([1, 1, 0.5])  # 250 of 500 from the lower edge
    assert found[:, 3].tolist() == pytest.approx([1, 1, 8])


@pytest.mark.parametrize(
    ("other", "gap"),
    [
        ((14, 0, 20, 10), 0.04), ((14, 5, 20, 15), 0.04), ((14, 6, 20, 16), 1), ((8, 0, 20, 10), 0),
        ((-9, 0, -2, 10), 1), ((310, 0, 320, 10), 1), ((0, 20, 9, 30), 1),
    ],
    ids=["beside", "half_a_line_lower", "lower", "overlapping", "left_of_it", "far", "below"],
)  # fmt: skip
def test_a_gap_is_to_the_next_word_of_the_row(other, gap):
    found = places((0, 0, 10, 10), other)
    assert found[:, 7].tolist() == pytest.approx([1, gap])
    assert found[:, 8].tolist() == pytest.approx([gap, 1])


def test_an_amount_is_a_share_of_the_largest_and_a_word_is_as_frequent_as_it_is():
    texts = [
        "RM7.42",
        "$3,710.00",
        "7,42",
        "3710.00",
        "119*00",
        "12/05/98",
        "371000",
        "7.4",
        "TOTAL",
        "TOTAL",
        "T.O.TAL",
    ]
    found = batch([[(text, (0, 0, 9, 9)) for text in texts]])["places"][0, :, 9:12]
    np.testing.assert_allclose(found[:, 0], [0.002, 1, 0.002, 1, 119 / 3710, *[0] * 6], atol=1e-6)
    assert found[:, 1].tolist() == [0, 1, 0, 1, *[0] * 7]
    assert found[:, 2].tolist() == [0.25] * 8 + [0.5] * 2 + [0.25]
    often = batch([[("0.00", (0, 0, 9, 9))] * 5])["places"][0, :, 9:12]
    assert often.tolist() == [[0, 0, 1]] * 5  # an amount of nothing is the largest of none


@pytest.mark.parametrize(
    ("texts", "is_date", "is_month", "is_day", "is_year"),
    [
        (["14-03-18", "DATE:06/25/70", "4.15.75", "2018/02/22", "001-2018/02/22", "2018-03-04T10:00"], 1, 0, 0, 0),
        (["22MAR18", "22-Mar-2018", "OCT.3,1984"], 1, 1, 0, 0),
        (["5/40/160", "24/240", "EC21-41-71", "31/3-41", "1012-3001-0094", "20180304", "12.50", ""], 0, 0, 0, 0),
        (["Nov", "JUNE,", "Sept."], 0, 1, 0, 0),
        (["MARKET", "MAYBANK", "Decor"], 0, 0, 0, 0),
        (["17,", "3rd", "(22nd,", "09"], 0, 0, 1, 0),
        (["1984.", "(2018)"], 0, 0, 0, 1),
        (["1884", "32", "00"], 0, 0, 0, 0),
    ],
    ids=["numeric", "named", "neither", "month", "no_month", "day", "year", "out_of_range"],
)  # fmt: skip
def test_dates_and_their_parts_are_told(texts, is_date, is_month, is_day, is_year):
    found = batch([[(text, (0, 0, 9, 9)) for text in texts]])["places"][0, :, 12:]
    assert dict(zip(texts, found.tolist(), strict=True)) == {
        text: [is_date, is_month, is_day, is_year] for text in texts
    }


def test_a_page_of_too_many_words_is_refused(monkeypatch):
    monkeypatch.setattr(words, "MOST_WORDS", 3)
    assert batch(PAGES)["characters"].shape == (3, 3, 4)
    serve = tf.function(lambda raw: words.transform(raw, SPEC))
    serve(parsed(PAGES))
    with pytest.raises(tf.errors.InvalidArgumentError, match="too many words: a page may have 3; divide it"):
        serve(parsed([[("x", (0, 0, 1, 1))] * 4]))


@pytest.mark.parametrize("box", [(5, 5, 5, 5), (10, 10, 2, 2)], ids=["a_point", "turned_over"])
def test_boxes_without_a_size_are_numbers(box):
    assert np.isfinite(places(box, box)).all()


def test_padding_changes_nothing():
    together = batch(PAGES)
    for number, page in enumerate(PAGES):
        alone = batch([page])
        count = max(1, len(page))
        for name in ("characters", "places"):
            np.testing.assert_array_equal(together[name][number, :count], alone[name][0])
            assert not together[name][number, len(page) :].any()


def test_pages_without_words_are_one_word_of_nothing():
    found = batch([[], []])
    assert found["characters"].tolist() == [[[0] * 4]] * 2
    assert found["places"].shape == (2, 1, Words.PLACES)


@pytest.fixture(scope="module")
def through_transform(tmp_path_factory):
    """Return what Transform writes of the pages, with a schema that knows no shapes, as Examples; and its graph."""
    folder = tmp_path_factory.mktemp("transform")
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(words.RAW))
    rows = [
        {"words": [text.encode() for text, _ in page], "boxes": [float(x) for _, box in page for x in box]}
        for page in PAGES
    ]
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        (written, written_metadata), graph = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: words.transform(inputs, SPEC)
        )
        graph | tft_beam.WriteTransformFn(str(folder / "graph"))
    coder = tft.coders.ExampleProtoCoder(written_metadata.schema)
    return SimpleNamespace(
        written=[coder.encode(row) for row in written], graph=tft.TFTransformOutput(str(folder / "graph"))
    )


def test_what_transform_wrote_is_the_batch_again(through_transform):
    read = words.read_batch(tf.io.parse_example(through_transform.written, words.WRITTEN), SPEC)
    expected = batch(PAGES)
    assert set(read) == set(expected) == {"characters", "places"}
    for name, value in expected.items():
        np.testing.assert_allclose(read[name], value, atol=1e-6)


def test_a_question_is_what_the_records_were(through_transform):
    asked = words.build_request([record(page) for page in PAGES])
    assert asked["words"].tolist() == [[b"No", b"TOTAL", "đ5".encode()], [b""] * 3, [b"Ab", b"", b""]]
    assert (asked["boxes"].shape, asked["boxes"].dtype) == ((3, 3, 4), np.float32)
    raw = words.to_raw({name: tf.constant(value) for name, value in asked.items()})
    for name, value in parsed(PAGES).items():
        for part in ("indices", "values", "dense_shape"):
            np.testing.assert_array_equal(getattr(raw[name], part), getattr(value, part))
    layer = through_transform.graph.transform_features_layer()
    for name, value in words.read_batch(layer(raw), SPEC).items():
        np.testing.assert_allclose(value, batch(PAGES)[name], atol=1e-6)


def test_an_empty_word_between_others_keeps_its_place():
    boxes = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    raw = words.to_raw({"words": tf.constant([["a", "", "b"]]), "boxes": tf.constant(boxes)})
    assert tf.sparse.to_dense(raw["words"]).numpy().tolist() == [[b"a", b"", b"b"]]
    np.testing.assert_array_equal(tf.sparse.to_dense(raw["boxes"]), boxes.reshape(1, 12))


def test_pages_without_words_can_be_asked():
    asked = words.build_request([record([]), record([])])
    assert asked["words"].shape == (2, 0)
    raw = words.to_raw({"words": tf.zeros([2, 0], tf.string), "boxes": tf.zeros([2, 0, 4])})
    assert batch([[], []])["characters"].shape == words.read_batch(words.transform(raw, SPEC), SPEC)["characters"].shape


def changed(
    changes: WordAugmentation, seed: tuple[int, int] = (7, 1), character: str = "A"
) -> tuple[np.ndarray, np.ndarray]:
    """Return characters of 200 words before and after, a third of them places past a word's end."""
    given = np.full((2, 100, 6), ord(character), np.uint8)
    given[:, :, 4:] = 0
    words_of = {"characters": tf.constant(given), "places": tf.zeros([2, 100, SPEC.PLACES])}
    labels = tf.constant([1, 2])
    found, kept = words.augment(words_of, labels, tf.constant(seed), changes, SPEC)
    assert kept is labels
    assert found["characters"].dtype == tf.uint8
    return given, found["characters"].numpy()


def test_misread_characters_become_others_and_nothing_else_changes():
    given, found = changed(WordAugmentation(misread=0.25))
    assert not found[:, :, 4:].any()
    wrong = found[:, :, :4] != given[:, :, :4]
    assert 0.19 < wrong.mean() < 0.31  # 800 characters: four standard deviations
    assert found[:, :, :4][wrong].min() >= ord("!")
    assert found[:, :, :4][wrong].max() < 127


@pytest.mark.parametrize(("character", "kind"), [("7", "0123456789"), ("B", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ("z", "az")])
def test_disguised_words_look_the_same(character, kind):
    given, found = changed(WordAugmentation(disguised=0.25), character=character)
    assert not found[:, :, 4:].any()
    assert ord(kind[0]) <= found[:, :, :4].min() < found[:, :, :4].max() <= ord(kind[-1])
    other = (found != given).any(-1)
    assert 0.12 < other.mean() < 0.38  # 200 words: four standard deviations
    assert (found != given)[:, :, :4][other].mean() > 0.8  # of a disguised word nine tenths or more are drawn otherwise


@pytest.mark.parametrize("character", [":", "$", "\x80"])
def test_a_disguise_leaves_marks(character):
    given, found = changed(WordAugmentation(disguised=1.0), character=character)
    np.testing.assert_array_equal(given, found)


@pytest.mark.parametrize("changes", [WordAugmentation(misread=0.25), WordAugmentation(disguised=0.25)])
def test_the_same_seed_changes_the_same(changes):
    np.testing.assert_array_equal(changed(changes)[1], changed(changes)[1])
    assert (changed(changes)[1] != changed(changes, (7, 2))[1]).any()


def test_without_changes_all_stays():
    given, found = changed(WordAugmentation())
    np.testing.assert_array_equal(given, found)


def test_the_network_takes_numbers():
    found = words.scale({"characters": tf.constant([[[255]]], tf.uint8), "places": tf.zeros([1, 1, SPEC.PLACES])}, SPEC)
    assert (found["characters"].dtype, int(found["characters"][0, 0, 0])) == (tf.int32, 255)
