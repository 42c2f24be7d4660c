from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from tfx_ocr.components.inputs import words
from tfx_ocr.components.recipe import Augment, WordsSpec

pytestmark = pytest.mark.tfx

SPEC = WordsSpec(max_characters=4)
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


def batch(pages: list, spec: WordsSpec = SPEC) -> dict[str, np.ndarray]:
    found = words.batch(words.transformed(parsed(pages), spec), spec)
    return {name: value.numpy() for name, value in found.items()}


def places(*boxes: tuple[float, ...]) -> np.ndarray:
    return batch([[("x", box) for box in boxes]])["places"][0]


def test_characters_are_ascii_as_it_is_and_the_rest_folded_above():
    found = batch(PAGES)["characters"]
    assert found.dtype == np.uint8
    # đ is U+0111 = 273 = 2 x 128 + 17; TOTAL is cut after four; no word is no character
    assert found.tolist() == [
        [[78, 111, 0, 0], [84, 79, 84, 65], [128 + 17, 53, 0, 0]],
        [[0] * 4] * 3,
        [[65, 98, 0, 0], [0] * 4, [0] * 4],
    ]


def test_every_character_is_a_number_a_network_has():
    found = batch([[("\U0001f9fe \u00a0\uac00\x7f\x80", (0, 0, 9, 9))]], WordsSpec(max_characters=8))["characters"]
    # U+1F9FE = 129534 = 1011 x 128 + 126, U+00A0 = 128 + 32, U+AC00 = 344 x 128, U+0080 = 128
    assert found[0, 0].tolist() == [254, 32, 160, 128, 127, 128, 0, 0]


def test_places_are_shares_and_multiples_of_the_median_word():
    found = batch(PAGES)["places"]
    # x from 100 to 300, y from 50 to 110, heights 10, 10, 30: median 10, 50 of which are far
    expected = [
        [0.0, 0.1, 0.05, 1.0, 5 / 500, 55 / 500, 5 / 60],
        [0.25, 0.5, 0.375, 1.0, 5 / 500, 55 / 500, 5 / 60],
        [0.0, 1.0, 0.5, 3.0, 45 / 500, 15 / 500, 45 / 60],
    ]
    np.testing.assert_allclose(found[0], expected, atol=1e-6)
    assert not found[1].any()
    np.testing.assert_allclose(found[2, 0], [0, 1, 0.5, 1, 0.01, 0.01, 0.5], atol=1e-6)


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
    assert found["places"].shape == (2, 1, WordsSpec.PLACES)


@pytest.fixture(scope="module")
def through_transform(tmp_path_factory):
    """What Transform writes of the pages, with a schema that knows no shapes, as Examples; and its graph."""
    folder = tmp_path_factory.mktemp("transform")
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(words.RAW))
    rows = [
        {"words": [text.encode() for text, _ in page], "boxes": [float(x) for _, box in page for x in box]}
        for page in PAGES
    ]
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        (written, written_metadata), graph = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: words.transformed(inputs, SPEC)
        )
        graph | tft_beam.WriteTransformFn(str(folder / "graph"))
    coder = tft.coders.ExampleProtoCoder(written_metadata.schema)
    return SimpleNamespace(
        written=[coder.encode(row) for row in written], graph=tft.TFTransformOutput(str(folder / "graph"))
    )


def test_what_transform_wrote_is_the_batch_again(through_transform):
    read = words.batch(tf.io.parse_example(through_transform.written, words.WRITTEN), SPEC)
    for name, value in batch(PAGES).items():
        np.testing.assert_allclose(read[name], value, atol=1e-6)


def test_a_question_is_what_the_records_were(through_transform):
    asked = words.question([record(page) for page in PAGES])
    assert asked["words"].tolist() == [[b"No", b"TOTAL", "đ5".encode()], [b""] * 3, [b"Ab", b"", b""]]
    assert (asked["boxes"].shape, asked["boxes"].dtype) == ((3, 3, 4), np.float32)
    raw = words.raw({name: tf.constant(value) for name, value in asked.items()})
    for name, value in parsed(PAGES).items():
        for part in ("indices", "values", "dense_shape"):
            np.testing.assert_array_equal(getattr(raw[name], part), getattr(value, part))
    layer = through_transform.graph.transform_features_layer()
    for name, value in words.batch(layer(raw), SPEC).items():
        np.testing.assert_allclose(value, batch(PAGES)[name], atol=1e-6)


def test_an_empty_word_between_others_keeps_its_place():
    boxes = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    raw = words.raw({"words": tf.constant([["a", "", "b"]]), "boxes": tf.constant(boxes)})
    assert tf.sparse.to_dense(raw["words"]).numpy().tolist() == [[b"a", b"", b"b"]]
    np.testing.assert_array_equal(tf.sparse.to_dense(raw["boxes"]), boxes.reshape(1, 12))


def test_pages_without_words_can_be_asked():
    asked = words.question([record([]), record([])])
    assert asked["words"].shape == (2, 0)
    raw = words.raw({"words": tf.zeros([2, 0], tf.string), "boxes": tf.zeros([2, 0, 4])})
    assert batch([[], []])["characters"].shape == words.batch(words.transformed(raw, SPEC), SPEC)["characters"].shape


def misread(share: float, seed: tuple[int, int] = (7, 1)) -> tuple[np.ndarray, np.ndarray]:
    """Characters of 200 words before and after, a third of them places past a word's end."""
    given = np.full((2, 100, 6), ord("A"), np.uint8)
    given[:, :, 4:] = 0
    changed = words.augment(
        {"characters": tf.constant(given), "places": tf.zeros([2, 100, 7])},
        tf.constant(seed),
        Augment(misread=share),
        SPEC,
    )
    assert changed["characters"].dtype == tf.uint8
    return given, changed["characters"].numpy()


def test_misread_characters_become_others_and_nothing_else_changes():
    given, found = misread(0.25)
    assert not found[:, :, 4:].any()
    changed = found[:, :, :4] != given[:, :, :4]
    assert 0.19 < changed.mean() < 0.31  # 800 characters: four standard deviations
    assert found[:, :, :4][changed].min() >= ord("!")
    assert found[:, :, :4][changed].max() < 127


def test_the_same_seed_misreads_the_same():
    np.testing.assert_array_equal(misread(0.25)[1], misread(0.25)[1])
    assert (misread(0.25)[1] != misread(0.25, (7, 2))[1]).any()


def test_without_misread_all_stays():
    given, found = misread(0.0)
    np.testing.assert_array_equal(given, found)


def test_the_network_takes_numbers():
    found = words.scale({"characters": tf.constant([[[255]]], tf.uint8), "places": tf.zeros([1, 1, 7])}, SPEC)
    assert (found["characters"].dtype, int(found["characters"][0, 0, 0])) == (tf.int32, 255)
