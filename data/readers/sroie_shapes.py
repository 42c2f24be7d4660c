"""The lines of SROIE's receipts as shapes, with the receipt's picture; fields are not read."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.data import files
from tfx_ocr.data.page.shapes import LINE, Shape, build_features, list_corners
from tfx_ocr.data.readers import sroie
from tfx_ocr.data.readers.shard import Unread, reject_failures
from tfx_ocr.data.record import Record

LAYOUT = "box/KEY.txt (or .csv) with x1,y1,...,x4,y4,TEXT per line, entities/KEY.txt and img/KEY.jpg"


def is_supported(root: Path) -> bool:
    """Return whether a folder of boxes has its fields beside it, by which receipts of a company are one group."""
    return sroie.is_supported(root)


def list_shards(root: Path) -> list[str]:
    """Return the receipts as `sroie.list_shards` does."""
    return sroie.list_shards(root)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread]:
    """Yield a record per receipt; one without a picture or without boxes is set aside."""
    for receipt in json.loads(shard):
        source = files.format_path(receipt["box"] or receipt["image"] or receipt["fields"])
        yield source, functools.partial(_read_receipt, root, receipt, source)


def _read_receipt(root: Path, receipt: dict[str, Any], source: str) -> Record:
    """A receipt's record.

    Raises:
        ValueError: boxes or picture are missing or cannot be made out.
        OSError: a file cannot be read.
    """
    for what, lacking in (("image", "no image: no picture"), ("box", "no words: no file of boxes")):
        if not receipt[what]:
            raise ValueError(f"{lacking} has this name")
    lines, left_out, size, image = sroie.open_receipt(root, receipt)
    if size is None:
        raise ValueError("not an image: the receipt's picture is something else")
    shapes = [Shape(LINE, list_corners(box.clip(size))) for box, _ in lines]
    return Record(
        features=build_features(shapes, size, image),
        source=source,
        file=source,
        group=receipt.get("group", receipt["key"]),
        left_out=left_out,
    )
