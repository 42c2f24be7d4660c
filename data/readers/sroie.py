"""SROIE's receipts: `box/KEY.txt` a text line a box, `entities/KEY.json` four fields, images where there are some."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tfx_ocr.data import files, images
from tfx_ocr.data.page import align, fields, groups
from tfx_ocr.data.page.page import Box, Word, build_features, divide_word, enclose
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "box/KEY.txt (or .csv) with x1,y1,...,x4,y4,TEXT a line and entities/KEY.txt (or .json)"
BOXES, FIELDS, PICTURES = ("box",), ("entities", "key"), ("img", "images")  # folders, under the names they may have
FIELD = {"company": "supplier", "date": "issue_date", "address": "supplier_address", "total": "total"}
SIZES = "documents.csv"  # key,orig_width,orig_height,...: the size that the boxes are of, where pictures were scaled
A_SHARD = 100  # receipts


def is_supported(root: Path) -> bool:
    """Whether a folder of boxes has its fields beside it."""
    boxes, known = _keys(root, BOXES, (".txt", ".csv")), _keys(root, FIELDS, (".txt", ".json"))
    return bool(boxes.keys() & known.keys())


def list_shards(root: Path) -> list[str]:
    """Receipts by their keys in pieces of `A_SHARD`: JSON lists of what `read` needs.

    The group is the supplier in the spelling that sorts first. Receipts of a company under any spelling are one group,
    and so are those that say nearly the same and those with the same picture: some stand twice in the set.
    """
    boxes, known = _keys(root, BOXES, (".txt", ".csv")), _keys(root, FIELDS, (".txt", ".json"))
    if not boxes.keys() & known.keys():
        return []
    pictures, sizes = _keys(root, PICTURES, tuple(images.ENDINGS)), _sizes(root)
    keys = sorted(boxes.keys() | known.keys() | pictures.keys(), key=files.to_natural_key)
    receipts: list[dict[str, Any]] = [
        {
            "key": key,
            "box": boxes.get(key),
            "fields": known.get(key),
            "image": pictures.get(key),
            "size": sizes.get(key),
        }
        for key in keys
    ]
    whole = [receipt for receipt in receipts if receipt["box"] and receipt["fields"]]
    names = [_company(root / receipt["fields"]) for receipt in whole]
    texts = [_said(root / receipt["box"]) for receipt in whole]
    digests = [_digest(root, receipt["image"]) for receipt in whole]
    pairs = groups.pair_by_name(names) + groups.pair_by_text(texts) + groups.pair_by_key(digests)
    together = groups.join_pairs(len(whole), pairs)
    spelt: dict[int, str] = {}
    for name, group in zip(names, together, strict=True):
        if name:
            spelt[group] = min(spelt.get(group, name), name)
    for receipt, group in zip(whole, together, strict=True):
        receipt["group"] = spelt.get(group, whole[group]["key"])
    return [json.dumps(receipts[start : start + A_SHARD]) for start in range(0, len(receipts), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a receipt; entities are found by `data.page.align`. One half of a receipt is set aside."""
    for receipt in json.loads(shard):
        source = files.format_path(receipt["box"] or receipt["image"] or receipt["fields"])
        try:
            yield _record(root, receipt, source)
        except OSError as error:
            yield Rejected(source=source, reason=f"cannot be read: {error.strerror or error}")
        except ValueError as error:
            yield Rejected(source=source, reason=str(error))


def read_lines(content: bytes) -> list[tuple[Box, str]]:
    """The text lines of a file of boxes.

    Only the first eight commas of a line divide, quotes are text, and lines may end in CRLF.

    Raises:
        ValueError: the file is not UTF-8, or a line has no eight numbers.
    """
    found = []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("text is not UTF-8: the file of boxes") from None
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):  # no other line ends: a text may hold them
        if not line.strip():
            continue
        *corners, said = line.split(",", 8)
        if len(corners) != 8 or not all(re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", side) for side in corners):
            raise ValueError(f"not a box: line {number} does not begin with eight numbers")
        box = enclose(zip(map(float, corners[::2]), map(float, corners[1::2]), strict=True))
        if box and said.strip():
            found.append((box, said.strip()))
    return found


def _record(root: Path, receipt: dict[str, Any], source: str) -> Record:
    """A receipt's record.

    Raises:
        ValueError: boxes or fields are missing or are none.
        OSError: a file cannot be read.
    """
    if not receipt["box"]:
        raise ValueError("no words: no file of boxes has this name")
    if not receipt["fields"]:
        raise ValueError("no fields: no file of entities has this name")
    known = fields.read_fields((root / receipt["fields"]).read_bytes(), FIELD)
    words = [
        word
        for box, text in read_lines((root / receipt["box"]).read_bytes())
        for word in divide_word(Word(text=text, box=box))
    ]
    if not words:
        raise ValueError("no words: the file of boxes is empty")
    image = (root / receipt["image"]).read_bytes() if receipt["image"] else b""
    picture = images.read_size(image)
    size = receipt["size"]
    if picture and size:
        across, down = picture[0] / size[0], picture[1] / size[1]
        words = [dataclasses.replace(word, box=word.box.scaled(across, down)) for word in words if word.box]
    return Record(
        features=build_features(align.tag_words(words, known), fields=known, size=picture or size, image=image),
        source=source,
        file=source,
        group=receipt["group"],
    )


def _keys(root: Path, folders: tuple[str, ...], endings: tuple[str, ...]) -> dict[str, str]:
    """Files of one of the folders by key, as paths below the root."""
    found = {}
    for folder in folders:
        for path in sorted((root / folder).iterdir()) if (root / folder).is_dir() else ():
            if path.suffix.lower() in endings and not path.name.startswith("."):
                found[path.stem] = PurePosixPath(folder, path.name).as_posix()
    return found


def _sizes(root: Path) -> dict[str, tuple[int, int]]:
    """Width and height that the boxes are of, by key, where `documents.csv` says."""
    if not (root / SIZES).is_file():
        return {}
    with (root / SIZES).open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    said = ((row.get("key"), row.get("orig_width"), row.get("orig_height")) for row in rows)
    return {
        key: (int(width), int(height))
        for key, width, height in said
        if key and width and height and width.isdecimal() and height.isdecimal()
    }


def _company(path: Path) -> str:
    try:
        return fields.read_fields(path.read_bytes(), FIELD).get("supplier", "")
    except (ValueError, OSError):
        return ""  # `read` sets it aside


def _said(path: Path) -> str:
    try:
        return " ".join(text for _, text in read_lines(path.read_bytes()))
    except (ValueError, OSError):
        return ""


def _digest(root: Path, image: str | None) -> str | None:
    try:
        return hashlib.sha256((root / image).read_bytes()).hexdigest() if image else None
    except OSError:
        return None
