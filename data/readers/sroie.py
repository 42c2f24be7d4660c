"""SROIE's receipts: `box/KEY.txt` a text line per box, `entities/KEY.json` four fields, images where there are some."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tfx_ocr.data import files, images
from tfx_ocr.data.page import align, fields, groups
from tfx_ocr.data.page.markup import parse_number, try_number
from tfx_ocr.data.page.page import Box, Word, build_features, divide_word, enclose
from tfx_ocr.data.readers import table
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures, try_read
from tfx_ocr.data.record import Record

LAYOUT = "box/KEY.txt (or .csv) with x1,y1,...,x4,y4,TEXT per line and entities/KEY.txt (or .json)"
# A receipt's files: the folder, under the names it may have, and their endings.
FILES = {
    "box": (("box",), (".txt", ".csv")),
    "fields": (("entities", "key"), (".txt", ".json")),
    "image": (("img", "images"), tuple(images.ENDINGS)),
}
FIELD = {"company": "supplier", "date": "issue_date", "address": "supplier_address", "total": "total"}
SIZES = "documents.csv"  # key,orig_width,orig_height,...: the size that the boxes are of, where pictures were scaled
A_SHARD = 100  # receipts


def is_supported(root: Path) -> bool:
    """Return whether a folder of boxes has its fields beside it."""
    return bool(_list_keys(root, "box").keys() & _list_keys(root, "fields").keys())


def list_shards(root: Path) -> list[str]:
    """Return the receipts by their keys in pieces of `A_SHARD`.

    The group is the supplier in the spelling that sorts first. Receipts of a company under any spelling are one group,
    and so are those that say nearly the same and those with the same picture: some stand twice in the set.
    """
    if not is_supported(root):
        return []
    found = {what: _list_keys(root, what) for what in FILES}
    sizes, unreadable = _read_sizes(root / SIZES) if (root / SIZES).exists() else ({}, "")
    keys = sorted(set().union(*found.values()), key=files.to_natural_key)
    receipts: list[dict[str, Any]] = [
        {"key": key, "size": sizes.get(key, unreadable), **{what: paths.get(key) for what, paths in found.items()}}
        for key in keys
    ]
    whole = [receipt for receipt in receipts if receipt["box"] and receipt["fields"]]
    names = [(try_read(_read_fields, root / receipt["fields"]) or {}).get("supplier", "") for receipt in whole]
    boxes = [try_read(_read_boxes, root / receipt["box"]) or ([], Counter()) for receipt in whole]
    texts = [" ".join(text for _, text in lines) for lines, _ in boxes]
    digests = [try_read(files.hash_file, root / receipt["image"]) if receipt["image"] else None for receipt in whole]
    pairs = groups.pair_by_name(names) + groups.pair_by_text(texts) + groups.pair_by_key(digests)
    together = groups.join_pairs(len(whole), pairs)
    spelt: dict[int, str] = {}
    for name, group in zip(names, together, strict=True):
        if name:
            spelt[group] = min(spelt.get(group, name), name)
    for receipt, group in zip(whole, together, strict=True):
        receipt["group"] = spelt.get(group, whole[group]["key"])
    return cut_into_shards(receipts, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread]:
    """Yield a record per receipt; entities are found by `data.page.align`. One half of a receipt is set aside."""
    for receipt in json.loads(shard):
        source = files.format_path(receipt["box"] or receipt["image"] or receipt["fields"])
        yield source, functools.partial(_read_receipt, root, receipt, source)


def read_lines(content: bytes) -> tuple[list[tuple[Box, str]], Counter[str]]:
    """Return the text lines of a file of boxes, and how many of its lines are left out, by reason.

    Only the first eight commas of a line divide, quotes are text, and lines may end in CRLF.

    Raises:
        ValueError: no line has a box and a text.
    """
    found, left_out = [], Counter[str]()
    for line in re.split(r"\r\n|\r|\n", files.decode_text(content)):  # no other line ends: a text may hold them
        if not line.strip():
            continue
        cells = line.split(",", 8)
        sides = [side for side in map(try_number, cells[:8]) if side is not None]
        box = enclose(zip(sides[::2], sides[1::2], strict=False))
        if len(sides) < 8 or not box:
            left_out["not a box: a line does not begin with eight numbers"] += 1
        elif not files.is_decoded(line):
            left_out[table.NOT_UTF8] += 1
        elif not (words := "".join(cells[8:]).strip()):
            left_out["no text: a line has a box alone"] += 1
        else:
            found.append((box, words))
    if not found:
        raise ValueError(next(iter(left_out), "no words: the file of boxes is empty"))
    return found, left_out


def _read_receipt(root: Path, receipt: dict[str, Any], source: str) -> Record:
    """A receipt's record.

    Raises:
        ValueError: boxes or fields are missing or cannot be made out.
        OSError: a file cannot be read.
    """
    if not receipt["box"]:
        raise ValueError("no words: no file of boxes has this name")
    if not receipt["fields"]:
        raise ValueError("no fields: no file of entities has this name")
    known = _read_fields(root / receipt["fields"])
    lines, left_out, size, image = open_receipt(root, receipt)
    words = [word for box, text in lines for word in divide_word(Word(text=text, box=box))]
    return Record(
        features=build_features(align.tag_words(words, known), fields=known, size=size, image=image),
        source=source,
        file=source,
        group=receipt["group"],
        left_out=left_out,
    )


def open_receipt(
    root: Path, receipt: dict[str, Any]
) -> tuple[list[tuple[Box, str]], Counter[str], tuple[float, float] | None, bytes]:
    """Return a receipt's lines in the pixels of its picture, the lines left out, its size and its picture.

    Raises:
        ValueError: boxes or size cannot be made out.
        OSError: a file cannot be read.
    """
    lines, left_out = _read_boxes(root / receipt["box"])
    image = files.read_file(root / receipt["image"]) if receipt["image"] else b""
    picture, size = images.read_size(image), _parse_size(receipt["size"])
    if picture and size:
        across, down = picture[0] / size[0], picture[1] / size[1]
        lines = [(box.scale(across, down), text) for box, text in lines]
    return lines, left_out, picture or size, image


def _read_boxes(path: Path) -> tuple[list[tuple[Box, str]], Counter[str]]:
    return read_lines(files.read_file(path))


def _read_fields(path: Path) -> dict[str, str]:
    return fields.read_fields(files.read_file(path), FIELD)


def _list_keys(root: Path, what: str) -> dict[str, str]:
    """Files of one kind by key, as paths below the root; the folder's name in any case."""
    named, endings = FILES[what]
    folders = [folder for folder in files.list_folder(root) if folder.lower() in named]
    folders.sort(key=lambda folder: named.index(folder.lower()))
    paths = [PurePosixPath(folder, name) for folder in folders for name in sorted(files.list_folder(root / folder))]
    keys = {unicodedata.normalize("NFC", path.stem): path for path in paths if path.suffix.lower() in endings}
    return {key: path.as_posix() for key, path in keys.items()}


def _read_sizes(path: Path) -> tuple[dict[str, tuple[str, str]], str]:
    """Width and height that the boxes are of, as `documents.csv` has them, by key; and why some are not known."""
    header: list[str] = []
    sizes, unreadable = {}, ""
    try:
        for row in table.read_rows(path):
            unreadable = unreadable or row.wrong  # whose boxes it scales is not known
            if not header:
                header = row.cells
                continue
            named = dict(zip(header, row.cells, strict=False))
            sizes[named.get("key", "")] = (named.get("orig_width", ""), named.get("orig_height", ""))
    except OSError as error:
        unreadable = str(error.strerror)
    return sizes, unreadable


def _parse_size(size: tuple[str, str] | str) -> tuple[float, float] | None:
    """Width and height in pixels; None where `documents.csv` lacks them.

    Raises:
        ValueError: they are not numbers over 0, or they may stand in what cannot be read of the table.
    """
    if isinstance(size, str):
        if size:
            raise ValueError(f"not a page size: {SIZES} lacks this receipt and cannot be read whole: {size}")
        return None
    if not (size[0].strip() and size[1].strip()):
        return None
    width, height = (parse_number(side, f"the page's size in {SIZES}") for side in size)
    if not (width > 0 and height > 0):
        raise ValueError(f"not a page size: {width:g} x {height:g} pixels in {SIZES}")
    return width, height
