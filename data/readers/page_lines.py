"""The lines of pages in PAGE XML, ALTO or hOCR: each line's text with its part of the page's picture."""

from __future__ import annotations

import functools
import json
import math
import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from tfx_ocr.data import features, files, images
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.page.page import Box, Line, Polygon, join_boxes
from tfx_ocr.data.readers import page_xml
from tfx_ocr.data.readers.page_xml import is_supported, list_shards
from tfx_ocr.data.readers.shard import Unread, reject_failures, try_read
from tfx_ocr.data.readers.split_names import find_split
from tfx_ocr.data.record import Record, Rejected

__all__ = ["LAYOUT", "is_supported", "list_shards", "read"]

LAYOUT = "PAGE XML, ALTO or hOCR with lines of text, and the pictures it names"
Opened = tuple[list[tuple[str, Box, Polygon]], Image.Image]  # text, box and outline of each line; the grey page


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per line; a page without lines that have texts and places is set aside."""
    for row in json.loads(shard):
        source = page_xml.format_source(row)
        if "wrong" in row:
            yield Rejected(source=source, reason=row["wrong"])
            continue
        opened = functools.cache(functools.partial(_open_lines, root, row))
        count = len(found[0]) if (found := try_read(opened)) else 1  # why it cannot be opened is said once
        for number in range(count):
            yield f"{source}#{number + 1}", functools.partial(_cut_line, opened, row, f"{source}#{number + 1}", number)


def _open_lines(root: Path, row: dict[str, Any]) -> Opened:
    page, _, image = page_xml.open_page(root, row)
    lines = [line for region in page.regions for line in region.lines]
    placed = [
        (_get_text(line), line.box or join_boxes(word.box for word in line.words), line.polygon) for line in lines
    ]
    found = [(text, box, polygon) for text, box, polygon in placed if text and box]
    if not found:
        raise ValueError("no lines: the page has no line with a text and a place")
    return found, images.flatten(images.open_picture(image)).convert("L")


def _get_text(line: Line) -> str:
    return normalize_label(line.text or " ".join(word.text for word in line.words))


def _cut_line(opened: Callable[[], Opened], row: dict[str, Any], source: str, number: int) -> Record:
    """A line's record: what is outside its outline is painted with the median of its box.

    Raises:
        ValueError: the line is outside of its page.
    """
    lines, page = opened()
    text, box, polygon = lines[number]
    left, top, right, bottom = box.clip((float(page.width), float(page.height)))
    corner = math.floor(left), math.floor(top)
    cut = page.crop((*corner, math.ceil(right), math.ceil(bottom)))
    if not (cut.width and cut.height):
        raise ValueError(f"another page: the line {text!r} is outside of the picture")
    if polygon:
        inside = Image.new("L", cut.size)
        ImageDraw.Draw(inside).polygon([(x - corner[0], y - corner[1]) for x, y in polygon], fill=255)
        cut = Image.composite(cut, Image.new("L", cut.size, int(np.median(np.asarray(cut)))), inside)
    return Record(
        features={features.IMAGE: images.save_png(cut), features.LABEL: text.encode()},
        source=source,
        file=files.format_path(row["path"]),
        group=row["group"],
        split=find_split(posixpath.dirname(row["path"])),
    )
