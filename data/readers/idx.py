"""MNIST's own format: one idx file of pictures and one of labels, plain or as .gz, per split."""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import itertools
import json
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import features, files, images
from tfx_ocr.data.readers.shard import Unread, reject_failures
from tfx_ocr.data.readers.split_names import parse_split
from tfx_ocr.data.record import Record

LAYOUT = "train-images-idx3-ubyte[.gz] with train-labels-idx1-ubyte[.gz], and the same for t10k"
NAME = re.compile(r"(?P<set>.*)(?P<what>images|labels)[-.]idx[13][-.]ubyte(\.gz)?")
MAGIC = {"images": 0x0803, "labels": 0x0801}  # 8: unsigned bytes, then the number of dimensions
LARGEST = 1 << 26  # bytes of a picture; more than that is a damaged header
TRANSPOSED = "EMNIST's pictures are transposed: rows and columns are exchanged"
A_SHARD = 2000  # records; more than elsewhere, for a .gz is unpacked from its beginning for every piece


def is_supported(root: Path) -> bool:
    """Return whether a pair of idx files lies directly in `root`."""
    return bool(_list_pairs(root))


def list_shards(root: Path) -> list[str]:
    """Return ranges of records: file of pictures, file of labels, first, last (excluded).

    Raises:
        ValueError: a file is not idx of unsigned bytes, is damaged, or holds more or fewer than its partner.
    """
    pieces = []
    for pictures, names in _list_pairs(root):
        _check(root / pictures)
        _check(root / names)
        count, *size = _read_header(root / pictures, "images")
        (labelled,) = _read_header(root / names, "labels")
        if count != labelled:
            raise ValueError(f"{count} pictures in {pictures} and {labelled} labels in {names}: which is whose?")
        if not 0 < math.prod(size) <= LARGEST:
            raise ValueError(f"{pictures} is damaged: its header says pictures of {size[0]} x {size[1]} pixels")
        for first in range(0, count, A_SHARD):
            piece = {"pictures": pictures, "names": names, "first": first, "last": min(count, first + A_SHARD)}
            pieces.append(json.dumps(piece))
    return pieces


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread]:
    """Yield a record per picture, as grey PNG, ink as light as it was; what a cut file no longer holds is set aside."""
    pictures, names, first, last = json.loads(shard).values()
    _, *size = _read_header(root / pictures, "images")
    all_pixels = _read_range(root / pictures, "images", math.prod(size), first, last)
    all_labels = _read_range(root / names, "labels", 1, first, last)
    for number, pixels, label in zip(range(first, last), all_pixels, all_labels, strict=True):
        source = f"{files.format_path(pictures)}#{number}"
        yield source, functools.partial(_build_record, source, pictures, names, pixels, label, *size)


def _build_record(
    source: str, pictures: str, names: str, pixels: bytes, label: bytes, height: int, width: int
) -> Record:
    if not label or len(pixels) < height * width:
        cut = files.format_path(pictures if label else names)
        raise ValueError(f"cut off: {cut} ends before this record or is damaged there")
    if changed := TRANSPOSED if "emnist" in pictures.lower() else "":
        pixels = b"".join(pixels[row::width] for row in range(width))
        height, width = width, height
    values = {features.IMAGE: images.encode_png(pixels, height, width), features.LABEL: str(label[0]).encode()}
    file, split = files.format_path(pictures), parse_split(pictures)
    return Record(features=values, source=source, file=file, split=split, changed=changed)


def _list_pairs(root: Path) -> list[tuple[str, str]]:
    """Names of the files of pictures and of labels that belong together; a plain file goes before a .gz of its name."""
    found: dict[str, dict[str, str]] = {}
    for name in sorted(files.list_folder(root), reverse=True):
        if (match := NAME.fullmatch(name)) and (root / name).is_file():
            found.setdefault(match["set"], {})[match["what"]] = name
    pairs = [(pair["images"], pair["labels"]) for pair in found.values() if len(pair) == len(MAGIC)]
    return sorted(pairs, key=lambda pair: files.to_natural_key(pair[0]))


def _open(path: Path) -> io.BufferedIOBase:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _read_header(path: Path, what: str) -> tuple[int, ...]:
    """The dimensions: number of records and, of pictures, height and width in pixels.

    Raises:
        ValueError: this is not idx of unsigned bytes with the dimensions of `what`.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", the file formats.
    """
    dimensions = MAGIC[what] & 0xFF
    try:
        with _open(path) as file:
            numbers = file.read(4 + 4 * dimensions)
    except EOFError:
        numbers = b""
    magic, *sizes = (int.from_bytes(numbers[place : place + 4], "big") for place in range(0, 4 + 4 * dimensions, 4))
    if magic != MAGIC[what] or len(numbers) < 4 + 4 * dimensions:
        begins = numbers[:4].hex() or "nothing"
        raise ValueError(f"{path} is not an idx file of {what}: it begins with {begins}, not {MAGIC[what]:08x}")
    return tuple(sizes)


def _check(path: Path) -> None:
    """Unpack a .gz to its checksum: damage in it shows nowhere else, and the pictures before it may be wrong too.

    Raises:
        ValueError: it is damaged. A file that was merely cut off is not: what came before is sound.
    """
    try:
        with _open(path) as file:
            while path.suffix == ".gz" and file.read(1 << 20):
                pass
    except EOFError:
        pass
    except (OSError, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def _read_range(path: Path, what: str, size: int, first: int, last: int) -> Iterator[bytes]:
    """Yield the records `first` to `last` (excluded) of `size` bytes each; less of them where the file is cut off."""
    number = first
    with _open(path) as file, contextlib.suppress(EOFError):
        file.seek(4 + 4 * (MAGIC[what] & 0xFF) + first * size)
        while number < last:
            record = file.read(size)
            number += 1
            yield record
    yield from itertools.repeat(b"", last - number)
