from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from tfx_ocr.components.inputs import image
from tfx_ocr.components.recipe import Image
from tfx_ocr.components.transform.preprocessing import preprocessing_fn
from tfx_ocr.data.images import encode_png

pytestmark = pytest.mark.tfx

SPEC = {"kind": "image", "height": 12, "width": 10, "channels": 1}
CONFIG = {"recipe": json.dumps({"name": "tiny", "input": SPEC, "task": "classification", "alphabet": "digits"})}
STYLES = [[b"printed"], [], [b"handwritten"], [b"typed"]]
LABELS = ["7", "0", "9", "7", "1", "2", "7", "0", "3", "4"]


def picture(number):
    """Draw a light bar, each in a place of its own, on black."""
    values = np.zeros((9, 11), np.uint8)
    values[2:7, number % 9 : number % 9 + 2] = 200
    return encode_png(values.tobytes(), 9, 11)


@pytest.fixture(scope="module")
def pictures():
    return [picture(number) for number in range(len(LABELS))]


@pytest.fixture(scope="module")
def written(pictures, tmp_path_factory):
    """Return what Transform writes of ten pictures, and its graph."""
    folder = tmp_path_factory.mktemp("transform")
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("image", "label", "source")}
    spec["style"] = tf.io.VarLenFeature(tf.string)
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [
        {"image": [one], "label": [label.encode()], "style": style, "source": [b"%d.png" % number]}
        for number, (one, label, style) in enumerate(zip(pictures, LABELS, itertools.cycle(STYLES), strict=False))
    ]
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        (rows, _), graph = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: preprocessing_fn(inputs, CONFIG)
        )
        graph | tft_beam.WriteTransformFn(str(folder / "graph"))
    return rows, tft.TFTransformOutput(str(folder / "graph"))


def test_pixels_are_the_fitted_picture_a_byte_each(written, pictures):
    rows, _ = written
    fit = tf.function(lambda one: image.fit(one, Image(**SPEC)), input_signature=[tf.TensorSpec([], tf.string)])
    assert len(rows) == 10
    for row, one in zip(rows, pictures, strict=True):
        (values,) = row["pixels_xf"]
        assert len(values) == 12 * 10
        pixels = np.frombuffer(values, np.uint8).reshape(12, 10, 1)
        np.testing.assert_array_equal(pixels, fit(one).numpy())
        assert pixels.min() == 0 < 128 < pixels.max()


def test_labels_are_numbers_in_the_alphabets_order(written):
    rows, _ = written
    assert [int(row["label_xf"][0]) for row in rows] == [7, 0, 9, 7, 1, 2, 7, 0, 3, 4]


def test_styles_are_numbers_and_another_or_none_is_unknown(written):
    rows, _ = written
    assert [int(row["style_xf"][0]) for row in rows] == [0, -1, 1, -1, 0, -1, 1, -1, 0, -1]


def test_nothing_else_is_written(written):
    rows, _ = written
    assert {name for row in rows for name in row} == {"pixels_xf", "label_xf", "source_xf", "style_xf"}


def test_the_source_is_kept_for_the_stages_of_a_training(written):
    rows, _ = written
    assert [bytes(row["source_xf"][0]) for row in rows[:3]] == [b"0.png", b"1.png", b"2.png"]
