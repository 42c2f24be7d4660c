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
    (tmp_path / "labels.csv").write_text("image,label\na.png,7\n")  # now `images` is not a label
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
        ("my_train", "train"),
        ("mnist-train.tfrecord-00000-of-00001", "train"),
        ("emnist-letters-test-images-idx3-ubyte.gz", "test"),
        ("trainingSet", "train"),
        ("Split-eval", "eval"),
        ("TEST_2", "test"),
        ("devset", "eval"),
        ("train_test_splits", ""),
        ("contest", ""),
    ],
)
def test_splits_are_known_by_the_names_data_sets_give_them(name, split):
    assert parse_split(name) == split


def test_every_reader_finds_its_layout_in_folders_of_splits(tmp_path):
    for folder, text in (("train", "9.00"), ("test_data", "8.00"), ("other", "7.00")):
        for kind, content in (("box", f"0,0,9,0,9,9,0,9,{text}"), ("entities", f'{{"total": "{text}"}}')):
            (tmp_path / folder / kind).mkdir(parents=True)
            (tmp_path / folder / kind / "a.txt").write_text(content)
    assert choose_reader(tmp_path, ["idx", "sroie"]) == "sroie"
    reader = get_reader("sroie")
    records = [record for shard in reader.list_shards(tmp_path) for record in reader.read(tmp_path, shard)]
    assert [(record.source, record.file, record.split, record.features["words"]) for record in records] == [
        ("test_data/box/a.txt", "test_data/box/a.txt", "test", [b"8.00"]),
        ("train/box/a.txt", "train/box/a.txt", "train", [b"9.00"]),
    ]


def test_a_record_set_aside_in_a_folder_of_a_split_says_where_it_lies(tmp_path):
    (tmp_path / "val").mkdir()
    (tmp_path / "val/labels.csv").write_text("image,label\ngone.png,7\n")
    reader = get_reader("labelled_csv")
    (aside,) = (record for shard in reader.list_shards(tmp_path) for record in reader.read(tmp_path, shard))
    assert aside.source == "val/labels.csv:2"


def test_the_columns_of_tables_that_were_found_are_named(tmp_path):
    (tmp_path / "my.csv").write_text("name,what\na.png,7\n")
    with pytest.raises(ValueError, match=r"\(labelled_csv\); my\.csv has the columns name, what$"):
        choose_reader(tmp_path, ["labelled_csv"])
