import os
from pathlib import Path

import pytest

from tfx_ocr.data.readers import choose_reader, kalapa
from tfx_ocr.data.record import Record, Rejected

REAL = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")) / "kalapa"


def make(root, annotations, pictures):
    for form, text in annotations.items():
        (root / "annotations").mkdir(parents=True, exist_ok=True)
        (root / "annotations" / f"{form}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    for path in map(os.fsdecode, pictures):
        (root / "images" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "images" / path).write_bytes(os.fsencode(path))


def everything(root):
    return [record for shard in kalapa.list_shards(root) for record in kalapa.read(root, shard)]


def test_lines_come_form_by_form_with_the_form_as_group(tmp_path):
    make(
        tmp_path / "training_data",
        {"10": "10/0.jpg\tHà Nội\n", "9": "\ufeff9/1.jpg\tHue\u0302\u0301 \r\n\r\n9/0.jpg\t12, Đà Nẵng\r\n"},
        ["9/0.jpg", "9/1.jpg", "10/0.jpg"],
    )
    assert kalapa.is_supported(tmp_path)
    records = everything(tmp_path)
    assert records[0] == Record(
        features={"image": b"9/1.jpg", "label": "Huế".encode()},
        source="training_data/images/9/1.jpg",
        file="training_data/images/9/1.jpg",
        group="9",
        split="train",  # of `training_data`
    )
    assert [(record.group, record.features["label"].decode()) for record in records[1:]] == [
        ("9", "12, Đà Nẵng"),
        ("10", "Hà Nội"),
    ]


def test_what_is_wrong_with_a_line_is_said_and_the_rest_is_read(tmp_path):
    lines = [
        "0.jpg\tA",
        "1.jpg\t ",
        "2.jpg no tab",
        "9.jpg\tB",
        "../../x.jpg\tC",
        "/etc/passwd\tD",
        "0.jpg\tE",
        "4.jpg\tF\tG",
    ]
    text = "\n".join(line if line[0] in "./" else f"7/{line}" for line in lines)
    make(tmp_path, {"7": text, "8": b"8/0.jpg\tH\xe0\n"}, ["7/0.jpg", "7/1.jpg", "7/3.jpg", "7/4.jpg", "8/0.jpg"])
    (tmp_path / "images/9").mkdir()
    (tmp_path / "images/9/0.jpg").touch()
    (tmp_path / "images/7/notes.txt").touch()
    read = everything(tmp_path)
    assert [record.features["label"] for record in read if isinstance(record, Record)] == [b"A", b"F\tG"]
    assert [record for record in read if isinstance(record, Rejected)] == [
        Rejected(source="images/7/1.jpg", reason="no label: annotations/7.txt has no text for this picture"),
        Rejected(source="annotations/7.txt:3", reason="no label: a line is a picture's path, a tab and its text"),
        Rejected(source="images/7/9.jpg", reason="no image: images/7/9.jpg is not there"),
        Rejected(source="annotations/7.txt:5", reason="image outside the data: ../../x.jpg"),
        Rejected(source="annotations/7.txt:6", reason="image outside the data: /etc/passwd"),
        Rejected(source="annotations/7.txt:7", reason="two labels: 7/0.jpg has one already"),
        Rejected(source="images/7/3.jpg", reason="no label: annotations/7.txt has no line for this picture"),
        Rejected(source="annotations/8.txt:1", reason="text is not UTF-8: save the file so"),
        Rejected(source="images/9/0.jpg", reason="no label: annotations/9.txt has no line for this picture"),
    ]


def test_lines_end_at_line_ends_only_and_names_may_be_anything(tmp_path):
    lines = ["0.jpg\tHà\u2028Nội", "1.jpg\tA\x0cB\x85C", "2\0.jpg\tD", f"{'n' * 300}.jpg\tE", "4.jpg\tF\0"]
    make(tmp_path, {"7": "\r\n".join(f"7/{line}" for line in lines)}, ["7/0.jpg", "7/1.jpg", "7/4.jpg"])
    read = everything(tmp_path)
    texts = [record.features["label"].decode() for record in read if isinstance(record, Record)]
    assert texts == ["Hà\u2028Nội", "A\x0cB\x85C", "F\0"]  # the alphabet judges them
    assert [record.reason for record in read if isinstance(record, Rejected)] == [
        "no image: images/7/2\0.jpg is not there",
        "cannot be read: File name too long",
    ]


def test_a_picture_of_another_form_is_set_aside(tmp_path):
    make(tmp_path, {"7": "8/0.jpg\tA\n", "8": "8/0.jpg\tB\n"}, ["8/0.jpg"])
    aside, good = everything(tmp_path)
    assert aside == Rejected(source="annotations/7.txt:1", reason="another form: 8/0.jpg is not in 7/")
    assert (good.group, good.features["label"]) == ("8", b"B")


def test_a_form_whose_name_is_no_utf8_can_be_told_and_written(tmp_path):
    form = os.fsdecode(b"\xff")
    make(tmp_path, {form: "7/0.jpg\tA"}, [f"{form}/0.jpg".encode("utf-8", "surrogateescape")])
    assert everything(tmp_path) == [
        Rejected(source="annotations/\\xff.txt:1", reason="another form: 7/0.jpg is not in \\xff/"),
        Rejected(source="images/\\xff/0.jpg", reason="no label: annotations/\\xff.txt has no line for this picture"),
    ]


def test_a_folder_without_text_files_is_something_else(tmp_path):
    make(tmp_path, {}, ["7/0.jpg"])
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations/7.xml").touch()
    assert not kalapa.is_supported(tmp_path)
    assert kalapa.list_shards(tmp_path) == []


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}: TFX_OCR_DATA names the folder of real data")
def test_the_real_set_is_read_whole():
    assert choose_reader(REAL, ["cinnamon", "image_folder", "kalapa"]) == "kalapa"
    records = everything(REAL)
    assert len(records) == 80 * 27
    assert {type(record) for record in records} == {Record}
    assert len({record.group for record in records}) == 80
    texts = [record.features["label"].decode() for record in records]
    assert (len(set("".join(texts))), min(map(len, texts)), max(map(len, texts))) == (138, 7, 68)
