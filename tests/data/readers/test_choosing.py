from pathlib import Path

import pytest

from tfx_ocr.data.readers import READERS, choose_reader, get_reader
from tfx_ocr.data.readers.split_names import parse_split


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_reader_is_whole_and_refuses_an_empty_folder(name, tmp_path):
    module = get_reader(name)
    assert module.LAYOUT
    assert module.read
    assert not module.is_supported(tmp_path)
    assert module.list_shards(tmp_path) == []


def test_unknown_reader_names_the_known_ones():
    with pytest.raises(ValueError, match=r"no reader 'runes'; known: .*idx, image_folder"):
        get_reader("runes")


def test_the_first_that_recognises_the_data_is_chosen(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").touch()
    assert choose_reader(tmp_path, ["idx", "image_folder", "labelled_csv"]) == "image_folder"
    (tmp_path / "labels.csv").write_text("image,label\na.png,7\n")  # now `images` is no label
    assert choose_reader(tmp_path, ["idx", "image_folder", "labelled_csv"]) == "labelled_csv"


def test_what_was_looked_for_is_said(tmp_path):
    with pytest.raises(
        ValueError, match=r"no data of a known format in .*; looked for: train-images.*\(idx\); a \.csv"
    ):
        choose_reader(tmp_path, ["idx", "labelled_csv"])
    with pytest.raises(ValueError, match="no folder /nowhere"):
        choose_reader(Path("/nowhere"), ["idx"])


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("testing", "test"),
        ("val", "eval"),
        ("validation-3.tfrecord", "eval"),
        ("t10k-images-idx3-ubyte.gz", "test"),
        ("train1.tfrecord", "train"),
        ("trainees", ""),
        ("7", ""),
        ("", ""),
        ("my_train", ""),
    ],
)
def test_splits_are_known_by_the_names_data_sets_give_them(name, split):
    assert parse_split(name) == split
