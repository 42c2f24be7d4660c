"""Records of bytes in TFRecord files, byte for byte."""

from __future__ import annotations

import gzip
import itertools
import struct
import zlib

import pytest

from tfx_ocr.data.record_file import read_records, write_records

# CRC-32C of "123456789" is 0xe3069283 (RFC 3720, B.4); masked: rotated right by 15 bits, plus 0xa282ead8
DIGITS = struct.pack("<I", ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def test_a_record_is_written_between_its_length_and_its_checksum(tmp_path):
    assert write_records(tmp_path / "a.tfrecord", [b"123456789"]) == 1
    content = (tmp_path / "a.tfrecord").read_bytes()
    assert content[:8] == struct.pack("<Q", 9)
    assert content[12:] == b"123456789" + DIGITS


def test_equal_records_give_equal_compressed_files(tmp_path):
    for name in ("a.tfrecord.gz", "b.tfrecord.gz"):
        assert write_records(tmp_path / name, [b"1", b""]) == 2
    assert (tmp_path / "a.tfrecord.gz").read_bytes() == (tmp_path / "b.tfrecord.gz").read_bytes()
    assert list(read_records(tmp_path / "a.tfrecord.gz")) == [b"1", b""]


def pack_in_parts(raw):
    return gzip.compress(raw[:900]) + gzip.compress(raw[900:])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress, pack_in_parts])
def test_records_are_read_however_they_are_compressed(tmp_path, pack):
    records = [bytes([number]) * number * 7 for number in range(40)]
    write_records(tmp_path / "a", records)
    (tmp_path / "b").write_bytes(pack((tmp_path / "a").read_bytes()))
    assert list(read_records(tmp_path / "b")) == records


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw[:-1], "truncated record at 17"),
        (lambda raw: raw[:20], "corrupted record at 17"),
        (lambda raw: raw[:-1] + b"?", "corrupted record at 17"),
        (lambda raw: b"?" + raw, r"corrupted record at 0 \(Is this even a TFRecord file\?\)"),
        (lambda raw: gzip.compress(raw)[:-20], "record at"),
        (lambda raw: gzip.compress(raw)[:9] + b"\xff" * 9, "damaged compression after 0 bytes"),
    ],
    ids=["cut", "cut_header", "flipped", "other", "cut_gzip", "no_gzip"],
)
def test_damage_is_told_where_it_is(tmp_path, change, said):
    write_records(tmp_path / "a", [b"1", b"22"])
    (tmp_path / "a").write_bytes(change((tmp_path / "a").read_bytes()))
    with pytest.raises(ValueError, match=said):
        list(read_records(tmp_path / "a"))


@pytest.mark.tfx
@pytest.mark.parametrize(("ending", "compression"), itertools.product(["", ".gz"], ["", "GZIP", "ZLIB"]))
def test_tensorflow_reads_what_is_written_and_writes_what_is_read(tmp_path, ending, compression):
    import tensorflow as tf

    records = [b"", b"1" * 70_000, b"22"]
    path = tmp_path / f"a{ending}"
    write_records(path, records)
    assert list(tf.data.TFRecordDataset(str(path), "GZIP" if ending else "").as_numpy_iterator()) == records
    with tf.io.TFRecordWriter(str(tmp_path / "b"), compression) as writer:
        for record in records:
            writer.write(record)
    assert list(read_records(tmp_path / "b")) == records
