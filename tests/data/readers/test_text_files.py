import pytest

from tfx_ocr.data.readers import text_files
from tfx_ocr.data.record import Record, Rejected


def make(root, contents):
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())


def read_all(root):
    return [record for shard in text_files.list_shards(root) for record in text_files.read(root, shard)]


@pytest.mark.parametrize(
    ("picture", "text"),
    [
        ("001.png", "001.gt.txt"),
        ("001.PNG", "001.txt"),
        ("book/001.bin.png", "book/001.gt.txt"),
        ("images/001.jpg", "labels/001.txt"),
        ("0042.7.png", "0042.7.gt.txt"),
        ("a\u0300.png", "\u00e0.gt.txt"),
        ("Scan.PNG", "SCAN.TXT"),
    ],
    ids=["tesseract", "plain", "binarised", "two_folders", "point_in_the_name", "composition", "case"],
)
def test_a_picture_is_read_with_the_text_of_its_name(tmp_path, picture, text):
    make(tmp_path, {picture: "pixels", text: "\ufeffGr\u00f6\u00dfe 12\r\n"})
    assert text_files.is_supported(tmp_path)
    assert read_all(tmp_path) == [
        Record(features={"image": b"pixels", "label": "Gr\u00f6\u00dfe 12".encode()}, source=picture, file=picture)
    ]


def test_the_folder_of_a_picture_names_its_split(tmp_path):
    make(tmp_path, {"train/1.png": "a", "train/1.txt": "A", "val/1.png": "b", "val/1.txt": "B"})
    assert [(record.features["label"], record.split) for record in read_all(tmp_path)] == [
        (b"A", "train"),
        (b"B", "eval"),
    ]


def test_what_is_wrong_is_set_aside_by_picture(tmp_path):
    make(tmp_path, {f"{number}.png": "x" for number in range(5)})
    make(tmp_path, {"0.txt": "0", "1.txt": " \n", "2.txt": "a\nb\n", "3.txt": b"\xff"})
    good, *rejected = read_all(tmp_path)
    assert good.features["label"] == b"0"
    assert rejected == [
        Rejected(source="1.png", reason="no label: 1.txt holds 0 lines, where a picture has one"),
        Rejected(source="2.png", reason="no label: 2.txt holds 2 lines, where a picture has one"),
        Rejected(source="3.png", reason="text is not UTF-8: save the file so"),
        Rejected(source="4.png", reason="no label: no text file has the name of this picture"),
    ]


def test_texts_whose_picture_is_missing_are_set_aside_and_notes_are_not_looked_at(tmp_path):
    make(tmp_path, {"1.png": "x", "1.txt": "eins", "2.gt.txt": "zwei\ndrei", "3.txt": "drei\n"})
    make(tmp_path, {"README.txt": "about\nthis", "doc/licence.txt": "free"})
    good, *rejected = read_all(tmp_path)
    assert good.features["label"] == b"eins"
    reason = "no image: no picture has the name of this text file"
    assert rejected == [Rejected(source=source, reason=reason) for source in ("2.gt.txt", "3.txt")]


def test_a_text_of_another_name_is_no_text_of_a_picture(tmp_path):
    make(tmp_path, {"7/1.png": "x", "README.txt": "about"})
    assert not text_files.is_supported(tmp_path)


def test_names_that_differ_by_case_each_keep_their_own_text(tmp_path):
    make(tmp_path, {"A.png": "1", "a.png": "2", "A.txt": "X", "a.txt": "y"})
    assert {record.source: record.features["label"] for record in read_all(tmp_path)} == {"A.png": b"X", "a.png": b"y"}


@pytest.mark.parametrize(
    "folders",
    [
        [("images/train", "labels/train"), ("images/test", "labels/test")],
        [("train/images", "train/gt"), ("test/images", "test/gt")],
    ],
    ids=["splits_below", "splits_above"],
)
def test_texts_of_one_name_go_with_the_pictures_of_folders_of_their_name(tmp_path, folders):
    for label, (pictures, texts) in zip("AB", folders, strict=True):
        make(tmp_path, {f"{pictures}/1.png": label.lower(), f"{texts}/1.txt": label})
    found = {record.split: (record.features["image"], record.features["label"]) for record in read_all(tmp_path)}
    assert found == {"train": (b"a", b"A"), "test": (b"b", b"B")}


def test_texts_of_one_name_in_folders_of_other_names_are_of_no_picture(tmp_path):
    make(tmp_path, {"a/1.png": "x", "b/1.txt": "A", "c/1.txt": "B"})
    assert [record.reason for record in read_all(tmp_path)] == ["no label: no text file has the name of this picture"]
