import json
import os

import pytest

from tfx_ocr.data.readers import image_folder
from tfx_ocr.data.record import Record, Rejected


def make(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(os.fsencode(path))  # readers do not look into pictures


def everything(root):
    return [record for shard in image_folder.list_shards(root) for record in image_folder.read(root, shard)]


def test_mnist_png_as_it_is_downloaded(tmp_path):
    make(tmp_path, "training/7/10.png", "training/7/9.png", "testing/3/1.png")
    assert image_folder.is_supported(tmp_path)
    assert everything(tmp_path) == [
        Record(
            features={"image": b"testing/3/1.png", "label": b"3"},
            source="testing/3/1.png",
            file="testing/3/1.png",
            split="test",
        ),
        Record(
            features={"image": b"training/7/9.png", "label": b"7"},
            source="training/7/9.png",
            file="training/7/9.png",
            split="train",
        ),
        Record(
            features={"image": b"training/7/10.png", "label": b"7"},
            source="training/7/10.png",
            file="training/7/10.png",
            split="train",
        ),
    ]


@pytest.mark.parametrize(
    "path", ["trainingSet/7/1.png", "trainingSet/trainingSet/7/1.png", "my_test/train/7/1.png", "a/b/X_train/7/1.png"]
)
def test_a_split_is_known_however_its_folder_is_named_and_wherever_it_lies(tmp_path, path):
    make(tmp_path, path)
    (record,) = everything(tmp_path)
    assert (record.features["label"], record.split) == (b"7", "train")


def test_folders_of_labels_alone_name_no_split(tmp_path):
    make(tmp_path, "7/1.JPG")
    assert image_folder.is_supported(tmp_path)
    (record,) = everything(tmp_path)
    assert (record.features["label"], record.split) == (b"7", "")


def test_a_label_is_composed_however_the_folder_was_written(tmp_path):
    make(tmp_path, "\u1112\u1161\u11ab/1.png", "a\u0300 /1.png")
    assert {record.features["label"].decode() for record in everything(tmp_path)} == {"한", "à"}


@pytest.mark.parametrize(
    ("path", "group"), [("writer_03/7/1.png", "writer_03"), ("7/Author 2/1.png", "Author 2"), ("form/1.png", "")]
)
def test_a_folder_named_for_a_writer_is_the_group(tmp_path, path, group):
    make(tmp_path, path)
    (record,) = everything(tmp_path)
    assert (record.features["label"], record.group) == (b"form" if not group else b"7", group)
    assert image_folder.is_supported(tmp_path)


def test_pictures_outside_the_layout_are_set_aside_and_other_files_and_droppings_ignored(tmp_path):
    make(
        tmp_path,
        "archive.zip",
        "__MACOSX/train/7/._1.png",
        "__MACOSX/train/7/1.png",
        "train/7/1.png",
        "train/7/.DS_Store",
        "train/7/Thumbs.db",
        "train/loose.png",
        "train/7/a/b.png",
        "train/7/x.md",
        "x.md",
    )
    rejected = {record.source: record.reason for record in everything(tmp_path) if isinstance(record, Rejected)}
    assert rejected.keys() == {"train/loose.png", "train/7/a/b.png"}
    assert "train/7/x.md" in [record.source for record in everything(tmp_path)]  # in a label's folder it is looked at
    assert all(reason.startswith("not in a label's folder: ") for reason in rejected.values())


def test_a_table_in_a_labels_folder_is_called_one(tmp_path):
    for path in ("A/1.png", "A/labels.csv", "B/rows.JSONL", "B/2.png"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"image,label")
    found = [each for shard in image_folder.list_shards(tmp_path) for each in image_folder.read(tmp_path, shard)]
    rejected = {each.source: each.reason for each in found if isinstance(each, Rejected)}
    said = "a table in a label's folder: the folder is the label; put a table of labels at the top instead"
    assert rejected == {"A/labels.csv": said, "B/rows.JSONL": said}


@pytest.mark.parametrize("paths", [["1.png"], ["a/b/c.png"], ["7/notes.txt"], ["train/1.png"]])
def test_other_layouts_are_not_recognised(tmp_path, paths):
    make(tmp_path, *paths)
    assert not image_folder.is_supported(tmp_path)


def test_a_file_that_cannot_be_read_is_set_aside(tmp_path):
    make(tmp_path, "7/1.png")
    (tmp_path / "7/2.png").symlink_to(tmp_path / "gone")
    assert everything(tmp_path)[1] == Rejected(source="7/2.png", reason="cannot be read: No such file or directory")


def test_a_name_that_is_no_utf8_is_read(tmp_path):
    make(tmp_path, os.fsdecode(b"7/\xff.png"))
    (record,) = everything(tmp_path)
    assert record.source == "7/\\xff.png"


def test_shards_are_pieces_of_the_whole_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(image_folder, "A_SHARD", 2)
    make(tmp_path, *(f"7/{number}.png" for number in range(5)))
    assert [json.loads(shard) for shard in image_folder.list_shards(tmp_path)] == [
        ["7/0.png", "7/1.png"],
        ["7/2.png", "7/3.png"],
        ["7/4.png"],
    ]
