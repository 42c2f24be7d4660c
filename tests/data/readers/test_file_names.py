import pytest

from tfx_ocr.data.readers import file_names
from tfx_ocr.data.record import Record


def make(root, *names):
    for name in names:
        (root / name).write_bytes(name.encode())


def read_all(root):
    return [record for shard in file_names.list_shards(root) for record in file_names.read(root, shard)]


def test_a_name_is_the_label(tmp_path):
    make(tmp_path, "2b827.png", "M-AB 12.JPG", "7_012.png", "7_013.png", "x (2).png", "notes.txt")
    assert file_names.is_supported(tmp_path)
    assert read_all(tmp_path)[0] == Record(
        features={"image": b"2b827.png", "label": b"2b827"}, source="2b827.png", file="2b827.png"
    )
    assert [record.features["label"] for record in read_all(tmp_path)] == [b"2b827", b"7", b"7", b"M-AB 12", b"x"]


@pytest.mark.parametrize(
    "names",
    [
        ["0001.png", "0002.png", "0004.png"],
        ["scan1.png", "scan2.png", "scan3.png"],
        ["IMG_1.png", "IMG_2.png"],
        [
            *(f"IMG_d{number:04}.JPG" for number in range(0, 60, 7)),
            *(f"d-{n}.final.v2.jpeg" for n in (2, 8, 11, 40, 13)),
        ],
        ["A.png"],
        ["notes.txt"],
    ],
    ids=["numbers", "scans", "one_label", "cameras", "one_picture", "no_picture"],
)
def test_names_that_count_are_not_labels(tmp_path, names):
    make(tmp_path, *names)
    assert not file_names.is_supported(tmp_path)


def test_readings_of_a_meter_are_labels(tmp_path):
    make(tmp_path, "0042.7.png", "0118.3.png", "7731.0.png")
    assert file_names.is_supported(tmp_path)
    assert [record.features["label"] for record in read_all(tmp_path)] == [b"0042.7", b"0118.3", b"7731.0"]


@pytest.mark.parametrize(
    "names",
    [
        [f"{number}A-{number * 37 % 1000:03}.{number}.jpg" for number in range(29, 60)],
        [f"class{number // 3}_{number % 3}.png" for number in range(30)],
        ["Hà Nội.png", "Huế 1.png", "Huế 7.png", "Vinh.png"],
    ],
    ids=["plates", "numbered_classes", "towns"],
)
def test_names_with_digits_are_labels(tmp_path, names):
    make(tmp_path, *names)
    assert file_names.is_supported(tmp_path)
