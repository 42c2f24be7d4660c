from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.stop import Stop
from tfx_ocr.components.trainer import dataset
from tfx_ocr.components.trainer.arrays import Arrays
from tfx_ocr.components.trainer.fit import Files
from tfx_ocr.components.trainer.pack import write_pack

pytestmark = pytest.mark.tfx

STEPS = 3  # of an epoch: 40 digits in batches of 16


def batches(part, files, first_epoch, count):
    return [(x.numpy(), y.numpy()) for x, y in dataset.load_training(files, part, first_epoch).take(count)]


def equal(one, other):
    return all(np.array_equal(a, b) for pair in zip(one, other, strict=True) for a, b in zip(*pair, strict=True))


def test_an_epoch_is_the_same_whether_begun_with_or_come_to(part, transformed):
    whole = batches(part(), transformed.train, 0, 3 * STEPS)
    assert equal(whole[2 * STEPS :], batches(part(), transformed.train, 2, STEPS))
    assert [len(y) for _, y in whole] == [16, 16, 8] * 3


def test_order_and_pictures_differ_between_epochs_and_every_label_comes_once(part, transformed):
    whole = batches(part(), transformed.train, 0, 2 * STEPS)
    first, second = (np.concatenate([y for _, y in whole[n * STEPS : (n + 1) * STEPS]]) for n in (0, 1))
    assert not np.array_equal(first, second)
    truth = [row["label_xf"][0] for row in transformed.written[:40]]
    assert sorted(first) == sorted(second) == sorted(truth)


def test_a_part_of_train_is_the_same_in_every_epoch(part, transformed):
    (_, first), (_, second) = batches(part(every=4), transformed.train, 0, 2)  # 10 of 40, so one batch of up to 16
    truth = [row["label_xf"][0] for row in transformed.written[:40:4]]
    assert sorted(first) == sorted(second) == sorted(truth)
    assert dataset.count_batches(transformed.train, 4, "train", 4) == 3
    assert dataset.count_batches(transformed.train, 4, "train") == 10


def test_a_style_lies_behind_the_labels_that_are_trained_on_alone(part, transformed):
    of_style = part(adversarial=0.1)
    taken = np.concatenate([labels for _, labels in batches(of_style, transformed.train, 0, STEPS)])
    truth = [(row["label_xf"][0], (0, 1, -1)[n % 3]) for n, row in enumerate(transformed.written[:40])]
    assert sorted(map(tuple, taken.tolist())) == sorted(truth)
    assert next(iter(dataset.load_evaluation(transformed.eval, of_style)))[1].shape == (16,)
    assert dataset.read_styles(transformed.train, 3).tolist() == [0] * 14
    with pytest.raises(Stop, match="needs records of both styles in train: of 14, 14 printed, 0 handwritten"):
        Files(part(adversarial=0.1, every=3), transformed.train, transformed.eval)


def test_a_pack_has_the_style_behind_the_labels_too(part, transformed, tmp_path):
    files = {split: [Path(path) for path in getattr(transformed, split)] for split in ("train", "eval")}
    pack = write_pack(tmp_path / "pack", part(adversarial=0.1).to_json(), files)
    arrays = Arrays(pack)
    taken = np.concatenate([labels for _, labels in itertools.islice(arrays.load_training(0, 0), STEPS)])
    truth = [(row["label_xf"][0], (0, 1, -1)[n % 3]) for n, row in enumerate(transformed.written[:40])]
    assert sorted(map(tuple, taken.tolist())) == sorted(truth)
    assert arrays.evaluation[0][1].shape == (16,)
    with pytest.raises(ValueError, match="needs records of both styles in train: of 14, 14 printed, 0 handwritten"):
        Arrays(dataclasses.replace(pack, part=part(adversarial=0.1, every=3)))


def test_seed_changes_the_order(part, transformed):
    one, other = (batches(part(seed=seed), transformed.train, 0, STEPS) for seed in (7, 8))
    assert not equal(one, other)


def test_augmentation_is_drawn_anew_each_epoch(part, transformed, tmp_path):
    one_digit = str(tmp_path / "one.gz")
    with tf.io.TFRecordWriter(one_digit, "GZIP") as writer:
        writer.write(next(iter(tf.data.TFRecordDataset(transformed.train, "GZIP"))).numpy())
    (first, _), (second, _) = batches(part(), [one_digit], 0, 2)
    assert not np.array_equal(first, second)
    (first, _), (second, _) = batches(part(augment=None), [one_digit], 0, 2)
    np.testing.assert_array_equal(first, second)


def test_judging_is_the_written_pixels_in_order_scaled_to_minus_one_one(part, transformed):
    judged = dataset.load_evaluation(transformed.eval, part())
    assert int(judged.cardinality()) == 2  # of 16 and 4; declared: without it Keras warns that data ran out
    pictures, labels = (np.concatenate(each) for each in zip(*judged.as_numpy_iterator(), strict=True))
    rows = transformed.written[40:]
    pixels = np.stack([np.frombuffer(row["pixels_xf"][0], np.uint8).reshape(16, 16, 1) for row in rows])
    np.testing.assert_allclose(pictures, pixels / 127.5 - 1.0, atol=1e-6)
    assert (pictures.min(), pictures.max()) == (-1.0, 1.0)
    np.testing.assert_array_equal(labels, [row["label_xf"][0] for row in rows])


def test_judging_takes_the_recipes_range(part, transformed):
    spec = dataclasses.replace(part().input, scaled=(0.0, 1.0))
    pictures, _ = next(iter(dataset.load_evaluation(transformed.eval, dataclasses.replace(part(), input=spec))))
    assert (pictures.numpy().min(), pictures.numpy().max()) == (0.0, 1.0)


@pytest.mark.parametrize(("size", "number"), [(16, 3), (40, 1), (41, 1), (39, 2), (1, 40)])
def test_batches_of_40_records(transformed, size, number):
    assert dataset.count_batches(transformed.train, size, "train") == number


@pytest.mark.parametrize("files", ["none", "empty"])
def test_an_empty_split_stops_in_a_sentence(part, tmp_path, files):
    paths = []
    if files == "empty":
        paths = [str(tmp_path / "empty.gz")]
        tf.io.TFRecordWriter(paths[0], "GZIP").close()
    with pytest.raises(Stop, match="split 'eval' has no records"):
        dataset.load_evaluation(paths, part())
    with pytest.raises(Stop, match="split 'train' has no records"):
        dataset.count_batches(paths, 16, "train")


def test_matching_finds_shards_in_order(tmp_path):
    for name in ("b-1", "a-0", "b-0"):
        (tmp_path / name).touch()
    found = dataset.list_files([str(tmp_path / "b-*"), str(tmp_path / "a-*")])
    assert [path.rsplit("/")[-1] for path in found] == ["a-0", "b-0", "b-1"]
