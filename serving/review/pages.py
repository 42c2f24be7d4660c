"""Pages under review: their lines as JSON, which a reviewer changes, and as a page, which models learn from."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from PIL import Image

from tfx_ocr.data import images
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.page.page import Box, Line, Page, Polygon, Region, enclose, join_boxes

MOST_LINES = 1000  # of a page
MOST_TEXT = 1000  # characters of a line
LEAST_PX = 2  # sides of a line
QUALITY = 90  # of the JPEG that is kept


def encode_page(image: Image.Image) -> bytes:
    """Return a page's picture as JPEG of all its pixels."""
    written = io.BytesIO()
    image.convert("L" if image.mode in ("1", "L", "LA") else "RGB").save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def format_lines(lines: Iterable[Line]) -> str:
    """Return lines as JSON, in their order; those without a box are left out.

    A line has `text`, `box` (left, top, right, bottom in pixels) and, where it is not upright, `polygon`.
    """
    return json.dumps([_to_plain(line) for line in lines if line.box], ensure_ascii=False)


def _to_plain(line: Line) -> dict[str, Any]:
    assert line.box
    plain: dict[str, Any] = {"text": line.text, "box": [round(side) for side in line.box]}
    return plain | ({"polygon": [[round(x), round(y)] for x, y in line.polygon]} if line.polygon else {})


def parse_lines(text: str, picture: bytes) -> list[Line]:
    """Return what `format_lines` wrote or a reviewer made of it.

    Args:
        text: JSON.
        picture: of the page, encoded.

    Raises:
        ValueError: the text is something else, or a line is not on the page.
    """
    size = images.read_size(picture)
    try:
        rows = json.loads(text)
    except ValueError:
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("lines of a page: a JSON list of objects is needed")
    if len(rows) > MOST_LINES:
        raise ValueError(f"a page of {len(rows)} lines, where {MOST_LINES} are allowed")
    return [_parse_line(row, number, size or (0, 0)) for number, row in enumerate(rows, 1)]


def _parse_line(row: Mapping[str, Any], number: int, size: tuple[int, int]) -> Line:
    written, box, polygon = row.get("text", ""), row.get("box"), row.get("polygon", [])
    if not isinstance(written, str) or len(written) > MOST_TEXT:
        raise ValueError(f"line {number}: text of at most {MOST_TEXT} characters is needed")
    corners = _parse_points(polygon, size) if polygon else ()
    if polygon and not corners:
        raise ValueError(f"line {number}: polygon of points on the page, {size[0]} x {size[1]} pixels, is needed")
    if not isinstance(box, list) or len(box) != 4 or not (ends := _parse_points([box[:2], box[2:]], size)):
        on = f"on the page, {size[0]} x {size[1]} pixels"
        raise ValueError(f"line {number}: box of left, top, right and bottom {on}, is needed")
    placed = enclose(corners) if corners else Box(*ends[0], *ends[1])
    if placed is None or placed.right - placed.left < LEAST_PX or placed.bottom - placed.top < LEAST_PX:
        raise ValueError(f"line {number}: its box has sides of less than {LEAST_PX} pixels")
    return Line(text=normalize_label(written), box=placed, polygon=corners)


def _parse_points(given: Any, size: tuple[int, int]) -> Polygon:
    """Return points as a polygon; () where they are something else or not on the page."""
    try:
        points = tuple((float(x), float(y)) for x, y in given)
    except (TypeError, ValueError):
        return ()
    inside = all(0 <= x <= size[0] and 0 <= y <= size[1] for x, y in points)
    return points if inside else ()


def build_page(lines: Iterable[Line], picture: bytes, name: str) -> Page:
    """Return lines as a page of one region, in their order.

    Args:
        lines: with boxes.
        picture: of the page, encoded.
        name: of the picture's file.
    """
    rows = tuple(lines)
    size = images.read_size(picture)
    region = Region(lines=rows, box=join_boxes(line.box for line in rows))
    return Page(image=name, size=(float(size[0]), float(size[1])) if size else None, regions=(region,) if rows else ())
