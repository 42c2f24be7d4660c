import gzip
import io
import os
import struct
from pathlib import Path

import pytest
from PIL import Image

from tfx_ocr.data.readers import idx
from tfx_ocr.data.record import Record, Rejected

MNIST = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).parents[4] / "shared/data")) / "mnist"


def pictures_of(count, height=2, width=3):
    """Build pictures; picture k is filled with k."""
    pixels = b"".join(bytes([k % 256]) * height * width for k in range(count))
    return struct.pack(">IIII", 0x803, count, height, width) + pixels


def labels_of(values):
    return struct.pack(">II", 0x801, len(values)) + bytes(values)


def make(root, count=3, of="train", ending=".gz", pictures=None, labels=None):
    pack = gzip.compress if ending else bytes
    pictures = pictures_of(count) if pictures is None else pictures
    labels = labels_of([k % 10 for k in range(count)]) if labels is None else labels
    (root / f"{of}-images-idx3-ubyte{ending}").write_bytes(pack(pictures))
    (root / f"{of}-labels-idx1-ubyte{ending}").write_bytes(pack(labels))


def everything(root):
    return [record for shard in idx.list_shards(root) for record in idx.read(root, shard)]


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_pictures_become_png_of_the_same_pixels(tmp_path, ending):
    make(tmp_path, ending=ending)
    assert idx.is_supported(tmp_path)
    record = everything(tmp_path)[2]
    with Image.open(io.BytesIO(record.features["image"])) as picture:
        assert (picture.mode, picture.size) == ("L", (3, 2))
        assert picture.tobytes() == bytes([2] * 6)
    assert (record.features["label"], record.source) == (b"2", f"train-images-idx3-ubyte{ending}#2")
    assert (record.file, record.split) == (f"train-images-idx3-ubyte{ending}", "train")


def test_pictures_of_emnist_are_transposed_and_it_is_said(tmp_path):
    rows = struct.pack(">IIII", 0x803, 1, 2, 3) + bytes([1, 2, 3, 4, 5, 6])
    make(tmp_path, 1, of="emnist-digits-test", pictures=rows)
    (record,) = everything(tmp_path)
    with Image.open(io.BytesIO(record.features["image"])) as picture:
        assert picture.size == (2, 3)
        assert picture.tobytes() == bytes([1, 4, 2, 5, 3, 6])
    assert record.split == "test"
    assert record.changed == "EMNIST's pictures are transposed: rows and columns are exchanged"


def test_both_splits_are_read_in_shards_that_join_without_a_gap(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "A_SHARD", 4)
    make(tmp_path, 10)
    make(tmp_path, 5, of="t10k", ending="")
    assert len(idx.list_shards(tmp_path)) == 3 + 2
    records = everything(tmp_path)
    assert [record.split for record in records] == ["test"] * 5 + ["train"] * 10
    assert [record.features["label"] for record in records[5:]] == [str(k).encode() for k in range(10)]


def test_a_plain_file_goes_before_its_gz(tmp_path):
    make(tmp_path, ending=".gz")
    make(tmp_path, ending="")
    assert {record.file for record in everything(tmp_path)} == {"train-images-idx3-ubyte"}


def test_pictures_without_labels_are_not_recognised(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(pictures_of(1))
    assert not idx.is_supported(tmp_path)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_what_a_cut_file_no_longer_holds_is_set_aside_record_by_record(tmp_path, ending):
    make(tmp_path, 40, ending=ending, pictures=pictures_of(40, 30, 30))
    path = tmp_path / f"train-images-idx3-ubyte{ending}"
    path.write_bytes(path.read_bytes()[: -(20 if ending else 950)])  # a picture is 900 bytes
    records = everything(tmp_path)
    assert len(records) == 40
    assert all(isinstance(record, Record) for record in records[:10])
    assert records[39] == Rejected(
        source=f"{path.name}#39", reason=f"cut off: {path.name} ends before this record or is damaged there"
    )
    if not ending:
        assert [isinstance(record, Rejected) for record in records] == [False] * 38 + [True] * 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"labels": labels_of([1, 2])}, r"3 pictures in .* and 2 labels in .*: which is whose\?"),
        ({"labels": pictures_of(3)}, "is not an idx file of labels: it begins with 00000803, not 00000801"),
        ({"pictures": b""}, "is not an idx file of images"),
        ({"pictures": pictures_of(3)[:9]}, "is not an idx file of images"),
        ({"pictures": pictures_of(3)[:15]}, "is not an idx file of images"),
        ({"pictures": struct.pack(">IIII", 0x803, 3, 0, 9)}, "is damaged: its header says pictures of 0 x 9 pixels"),
        ({"pictures": struct.pack(">IIII", 0x803, 3, 2**31, 2**31)}, "is damaged: its header says"),
    ],
    ids=["mismatch", "swapped", "empty", "no_header", "cut_header", "no_pixels", "absurd"],
)
def test_files_that_cannot_be_trusted_are_refused_in_a_sentence(tmp_path, wrong, sentence):
    make(tmp_path, **wrong)
    with pytest.raises(ValueError, match=sentence):
        idx.list_shards(tmp_path)


def test_a_damaged_gz_is_refused_in_a_sentence(tmp_path):
    make(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    damaged = bytearray(path.read_bytes())
    damaged[-8] ^= 1  # of the checksum
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz is damaged: CRC check failed"):
        idx.list_shards(tmp_path)


@pytest.mark.skipif(not MNIST.is_dir(), reason="no MNIST at hand (TFX_OCR_DATA)")
def test_mnist_is_all_there():
    shards = idx.list_shards(MNIST)
    assert len(shards) == 5 + 30
    first = next(idx.read(MNIST, shards[5]))
    assert (first.source, first.features["label"]) == ("train-images-idx3-ubyte.gz#0", b"5")
    last = list(idx.read(MNIST, shards[-1]))[-1]
    assert (last.source, last.features["label"]) == ("train-images-idx3-ubyte.gz#59999", b"8")
