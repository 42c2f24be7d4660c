"""TFRecord files without TensorFlow: records of bytes, each with its length and checksums, plain or compressed.

Source: tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import google_crc32c

from tfx_ocr.data import features, files
from tfx_ocr.data.example import serialize_example
from tfx_ocr.data.record import Record

LENGTH, CHECKSUM = struct.Struct("<Q"), struct.Struct("<I")
HEADER = LENGTH.size + CHECKSUM.size  # bytes before a record; behind it comes another checksum
COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda")  # beginnings of gzip and zlib
ANY_HEADER = 47  # `wbits` of zlib: its own header or that of gzip
CHUNK = 1 << 16  # compressed bytes that are read at a time


def read_records(path: Path) -> Iterator[bytes]:
    """Yield the records of a file.

    Raises:
        OSError: as `files.open_file`.
        ValueError: the file is damaged or ends within a record; those before are yielded.
    """
    with files.open_file(path) as file:
        begin = file.peek(HEADER)[:HEADER]
        # a sound header is not compressed: the length of a first record may be that of gzip's mark
        is_compressed = begin.startswith(COMPRESSED) and not _is_sound(begin)
        yield from _read(io.BufferedReader(_Inflated(file)) if is_compressed else file)


def write_records(path: Path, records: Iterable[bytes]) -> int:
    """Write a file, compressed by gzip where its name ends in `.gz`; return how many records there were."""
    count = 0
    with path.open("wb") as file, contextlib.ExitStack() as opened:
        out: Any = file
        if path.suffix == ".gz":  # without a name and a time: equal records give equal files
            out = opened.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0))
        for record in records:
            length = LENGTH.pack(len(record))
            out.write(length + _compute_checksum(length) + record + _compute_checksum(record))
            count += 1
    return count


def serialize(record: Record) -> bytes:
    """Return a record as a serialized tf.Example: its features with `source` and `group`."""
    values = {**record.features, features.SOURCE: record.source.encode(), features.GROUP: record.group.encode()}
    return serialize_example({name: value if isinstance(value, list) else [value] for name, value in values.items()})


def write(path: Path, records: Iterable[Record]) -> int:
    """Write records to a TFRecord that `data.readers.tfrecord` gives back; their split is what the file's name says.

    Args:
        path: the file, `NAME.tfrecord` or, compressed, `NAME.tfrecord.gz`. It appears whole or not at all.
        records: what to write.

    Returns:
        How many there were.
    """
    unfinished = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        count = write_records(unfinished, map(serialize, records))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _read(file: IO[bytes]) -> Iterator[bytes]:
    at = 0
    try:
        while header := file.read(HEADER):
            if not _is_sound(header):
                hint = "" if at else " (Is this even a TFRecord file?)"
                raise ValueError(f"corrupted record at {at}{hint}")
            (length,) = LENGTH.unpack_from(header)
            if length > files.LARGEST:
                raise ValueError(f"record at {at} has {length} bytes, where {files.LARGEST} are the most that is read")
            record, checksum = file.read(length), file.read(CHECKSUM.size)
            if len(checksum) < CHECKSUM.size:
                raise ValueError(f"truncated record at {at}")
            if checksum != _compute_checksum(record):
                raise ValueError(f"corrupted record at {at}")
            yield record
            at += HEADER + length + CHECKSUM.size
    except zlib.error as error:
        raise ValueError(f"damaged compression after {at} bytes: {error}") from None


def _is_sound(header: bytes) -> bool:
    return len(header) == HEADER and header[LENGTH.size :] == _compute_checksum(header[: LENGTH.size])


def _compute_checksum(content: bytes) -> bytes:
    """Return the masked CRC-32C of bytes."""
    value = google_crc32c.value(content)
    return CHECKSUM.pack(((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


class _Inflated(io.RawIOBase):
    """What gzip or zlib compressed, in one part or several, up to where it is cut off."""

    def __init__(self, file: IO[bytes]):
        self._file, self._inflate = file, zlib.decompressobj(ANY_HEADER)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = b""
        while not found:
            if self._inflate.eof:
                rest = self._inflate.unused_data or self._file.read(CHUNK)
                self._inflate = zlib.decompressobj(ANY_HEADER)
            else:
                rest = self._inflate.unconsumed_tail or self._file.read(CHUNK)
            if not rest:
                return 0
            found = self._inflate.decompress(rest, len(buffer))
        buffer[: len(found)] = found
        return len(found)
