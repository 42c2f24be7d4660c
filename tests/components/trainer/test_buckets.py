from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import ImageAugmentation, LineImage, Optimizer, Part, Trainer
from tfx_ocr.components.trainer import dataset
from tfx_ocr.components.trainer.fit import Files
from tfx_ocr.components.trainer.training import train
from tfx_ocr.data.alphabets import get_alphabet

pytestmark = pytest.mark.tfx

LINES, BATCH, HEIGHT, WIDTH = 300, 4, 16, 512
PART = Part(
    name="tiny_lines",
    task="sequence",
    alphabet="vietnamese",
    input=LineImage(height=HEIGHT, width=WIDTH),
    trainer=Trainer(
        network="line_cnn", units=(), dropout=(), optimizer=Optimizer(name="adamw"), batch_size=BATCH, buckets=True
    ),
)
LONGEST = get_alphabet("vietnamese").LONGEST


def needs(number: int) -> int:
    """Return the columns of ink of a line: 5 to 405."""
    return 5 + 4 * (number % 101)


def of(**changes) -> Part:
    return dataclasses.replace(PART, trainer=dataclasses.replace(PART.trainer, **changes))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write lines, each a bar of its own grey level and the text of its number, and one blank one without text."""
    path = str(tmp_path_factory.mktemp("lines") / "lines.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for number in range(LINES):
            strip, label = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros(LONGEST, np.int64)
            if number:
                strip[4:12, : needs(number)] = 20 + number % 200
                label[:2] = 1 + number // 20, 1 + number % 20
            feature = {
                "pixels_xf": tf.train.Feature(bytes_list=tf.train.BytesList(value=[strip.tobytes()])),
                "label_xf": tf.train.Feature(int64_list=tf.train.Int64List(value=label)),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return [path]


def read(files, part, first_epoch, count):
    return [(x.numpy(), y.numpy()) for x, y in dataset.load_training(files, part, first_epoch).take(count)]


def numbers(labels):
    return [int(20 * (first - 1) + second - 1) if first else 0 for first, second, *_ in labels]


def test_each_line_comes_once_an_epoch_among_others_of_its_width_in_a_strip_that_ends_behind_it(files):
    steps = -(-LINES // BATCH)
    batches = read(files, PART, 0, steps)
    assert sorted(number for _, labels in batches for number in numbers(labels)) == list(range(LINES))
    for strips, labels in batches:
        widest = max(needs(number) if number else 0 for number in numbers(labels))
        assert strips.shape[2] == min(-(-(widest + 60) // 64) * 64, WIDTH)
        for strip, number in zip(strips, numbers(labels), strict=True):
            shown = np.zeros((HEIGHT, strips.shape[2], 1), np.float32) - 1
            if number:
                shown[4:12, : needs(number)] = (20 + number % 200) / 127.5 - 1
            np.testing.assert_allclose(strip, shown, atol=1e-6)
    assert np.mean([strips.shape[2] for strips, _ in batches]) < 0.67 * WIDTH  # 4 drawn at random have 0.74
    assert sorted(len(labels) for _, labels in batches) == [BATCH] * steps
    widths = [strips.shape[2] for strips, _ in batches]
    assert widths != sorted(widths)


def test_an_epoch_is_the_same_whether_begun_with_or_come_to_and_differs_from_the_one_before(files):
    steps, part = LINES // BATCH, of(augment=ImageAugmentation(pad=2, contrast=0.3))
    whole = read(files, part, 0, 2 * steps)
    resumed = read(files, part, 1, steps)
    for (one, its), (other, their) in zip(whole[steps:], resumed, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(its, their)
    assert [numbers(labels) for _, labels in whole[:steps]] != [numbers(labels) for _, labels in resumed]


def test_a_stranger_is_cut_to_the_lines_beside_it(files):
    part = of(augment=ImageAugmentation(strangers=0.3, wear=0.5))
    batches = [(strips, labels) for strips, labels in read(files, part, 0, 60) if 0 < sum(labels[:, 0] > 0) < BATCH]
    assert batches
    for strips, labels in batches:
        widest = max(needs(number) for number in numbers(labels) if number)
        assert strips.shape[2] >= min(-(-(widest + 60) // 64) * 64, WIDTH)
    assert np.mean([strips.shape[2] for strips, _ in batches]) < 0.7 * WIDTH  # were strangers kept whole, they had all


def test_a_line_that_is_zoomed_sheared_and_stretched_stays_inside(files):
    part = of(augment=ImageAugmentation(pad=3, scale=0.2, shear_deg=15, elastic=2))
    narrow = [strips for strips, _ in read(files, part, 0, 60) if strips.shape[2] < WIDTH]
    assert len(narrow) > 30
    assert max(strips[:, :, -20:].max() for strips in narrow) == -1


def test_a_network_is_trained_on_batches_of_any_width(files, tmp_path):
    part = of(epochs=2, batch_size=32)
    data = Files(part, files, files)
    model = train(part, data, str(tmp_path / "checkpoints"), str(tmp_path))
    with open(tmp_path / "history.csv", encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert len(losses) == 2
    assert losses[1] < losses[0]
    assert model.input_shape == (None, HEIGHT, WIDTH, 1)
