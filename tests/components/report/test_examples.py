from __future__ import annotations

import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def scan():
    from tfx_ocr.components.report.examples import scan  # imports TensorFlow

    return scan


def record(split: str, label: str, source: str, image: bytes) -> tuple[str, bytes]:
    import tensorflow as tf

    values = {"image": image, "label": label.encode(), "source": source.encode()}
    feature = {name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in values.items()}
    return split, tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def test_scan_counts_labels_of_each_split(scan):
    found = scan(
        [record("train", "7", "a", b"1"), record("train", "7", "b", b"2"), record("test", "한", "c", b"3")], ()
    )
    assert found.counts == {"train": {"7": 2}, "test": {"한": 1}}
    assert found.duplicates == {"same_split": 0, "across_splits": 0, "contradicting": 0, "shown": []}


def test_scan_keeps_the_pictures_asked_for(scan):
    found = scan([record("train", "7", "a", b"1"), record("test", "7", "b", b"2")], {"b", "not there"})
    assert found.images == {"b": b"2"}


def test_scan_finds_pictures_that_are_there_twice(scan):
    found = scan(
        [
            record("train", "1", "a", b"same"),
            record("train", "1", "b", b"same"),
            record("test", "7", "c", b"same"),
            record("test", "7", "d", b"other"),
        ],
        (),
    )
    assert found.duplicates == {
        "same_split": 1,
        "across_splits": 1,
        "contradicting": 1,
        "shown": [
            {"splits": ["train", "train"], "labels": ["1", "1"], "sources": ["a", "b"]},
            {"splits": ["train", "test"], "labels": ["1", "7"], "sources": ["a", "c"]},
        ],
    }


def test_record_without_a_picture_is_counted_and_never_a_duplicate(scan):
    found = scan([record("train", "x", "a", b""), record("train", "x", "b", b"")], ())
    assert found.counts == {"train": {"x": 2}}
    assert found.duplicates["same_split"] == 0
