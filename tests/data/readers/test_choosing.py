from pathlib import Path

import pytest

from tfx_ocr.data.readers import READERS, choose_reader, get_reader
from tfx_ocr.data.readers.split_names import find_split_part, parse_split
from tfx_ocr.data.record import Record


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


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("data/train-00000-of-00002.parquet", "data/train-00000-of-00002.parquet is not read: write its pictures out"),
        ("Labels.XLSX", "Labels.XLSX is not read: save it as .csv"),
        ("set.tar.gz", "set.tar.gz is not read: unpack it"),
    ],
)
def test_a_format_that_no_reader_takes_is_named(tmp_path, name, said):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"no data of a known format") as error:
        choose_reader(tmp_path, ["idx", "labelled_csv", "tfrecord"])
    assert str(error.value).endswith(f"; {said}")


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
        ("validset", "eval"),
        ("trainDataset", "train"),
        ("testimages", "test"),
        ("0325updated.task1train(626p)", "train"),
        ("latest", ""),
        ("values", ""),
        ("train_test_splits", ""),
        ("contest", ""),
        ("trainval", "train"),
        ("traindir", "train"),
        ("trn", "train"),
        ("digits_tst.csv", "test"),
        ("1.학습", "train"),
        ("검증데이터", "eval"),
        ("2.학습용_원천", "train"),
        ("학습지", ""),
        ("[라벨]검증_2", "eval"),
        ("\u1109\u1175\u1112\u1165\u11b7", "test"),
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


@pytest.mark.parametrize("above", ["", "my_set/"])
def test_folders_of_splits_may_lie_in_another_and_a_column_goes_before_them(tmp_path, above):
    for split, rows in (("train", "a.png,1,\nb.png,2,val\n"), ("testSet", "a.png,3,\n")):
        (tmp_path / above / split).mkdir(parents=True)
        (tmp_path / above / split / "labels.csv").write_text(f"ImagePath,Label,Subset\n{rows}")
        for name in ("a.png", "b.png"):
            (tmp_path / above / split / name).touch()
    reader = get_reader("labelled_csv")
    records = [record for shard in reader.list_shards(tmp_path) for record in reader.read(tmp_path, shard)]
    assert [(record.file, record.split) for record in records if isinstance(record, Record)] == [
        (f"{above}testSet/a.png", "test"),
        (f"{above}train/a.png", "train"),
        (f"{above}train/b.png", "eval"),
    ]
    assert find_split_part(f"{above}train/b.png", "eval") == ""


def test_the_only_folder_of_the_data_may_hold_it(tmp_path):
    (tmp_path / "gzip/7").mkdir(parents=True)
    (tmp_path / "gzip/7/a.png").touch()
    reader = get_reader("image_folder")
    (record,) = (record for shard in reader.list_shards(tmp_path) for record in reader.read(tmp_path, shard))
    assert (record.file, record.split, record.features["label"]) == ("gzip/7/a.png", "", b"7")
    (tmp_path / "other").mkdir()
    assert not reader.is_supported(tmp_path)


def test_every_reader_finds_its_layout_in_the_only_folder(tmp_path):
    for name in ("archive/mine/train/A/1.png", "archive/mine/test/A/2.png", "__MACOSX/archive/x.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "archive.zip").touch()
    table = tmp_path / "archive/mine/labels.csv"
    table.write_text("image,label\ntrain/A/1.png,7\ntest/A/2.png,8\n")
    reader = get_reader("labelled_csv")
    records = [record for shard in reader.list_shards(tmp_path) for record in reader.read(tmp_path, shard)]
    assert [(record.source, record.split, record.features["label"]) for record in records] == [
        ("archive/mine/train/A/1.png", "train", b"7"),
        ("archive/mine/test/A/2.png", "test", b"8"),
    ]
    table.unlink()
    assert choose_reader(tmp_path, ["idx", "image_folder"]) == "image_folder"
    (tmp_path / "archive/mine").rename(tmp_path / "archive/other")
    (tmp_path / "archive/loop").symlink_to(tmp_path / "archive/loop")
    assert choose_reader(tmp_path, ["image_folder"]) == "image_folder"


def test_a_link_to_itself_ends_the_search(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path)
    assert not get_reader("idx").is_supported(tmp_path)


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
    (tmp_path / "train").mkdir()
    (tmp_path / "my.csv").rename(tmp_path / "train/my.csv")
    with pytest.raises(ValueError, match=r"\(labelled_csv\); train/my\.csv has the columns name, what$"):
        choose_reader(tmp_path, ["labelled_csv"])
