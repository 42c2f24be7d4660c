"""The lines and words of pages in PAGE XML, ALTO or hOCR as shapes, with the page's picture."""

from __future__ import annotations

import functools
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.data import files
from tfx_ocr.data.page.shapes import build_features, list_shapes
from tfx_ocr.data.readers import page_xml
from tfx_ocr.data.readers.page_xml import is_supported, list_shards
from tfx_ocr.data.readers.shard import Unread, reject_failures
from tfx_ocr.data.readers.split_names import find_split
from tfx_ocr.data.record import Record, Rejected

__all__ = ["LAYOUT", "is_supported", "list_shards", "read"]

LAYOUT = "PAGE XML, ALTO or hOCR with places of lines, and the pictures it names"


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per page; a page whose lines have no places is set aside."""
    for row in json.loads(shard):
        source = page_xml.format_source(row)
        if "wrong" in row:
            yield Rejected(source=source, reason=row["wrong"])
        else:
            yield source, functools.partial(_read_page, root, row, source)


def _read_page(root: Path, row: dict[str, Any], source: str) -> Record:
    """A page's record.

    Raises:
        ValueError: file and picture do not fit together, or no line has a place.
    """
    page, size, image = page_xml.open_page(root, row)
    shapes = list_shapes(page)
    if not shapes:
        raise ValueError("no lines: the page has no line with a place")
    return Record(
        features=build_features(shapes, size, image),
        source=source,
        file=files.format_path(row["path"]),
        group=row["group"],
        split=find_split(posixpath.dirname(row["path"])),
    )
