"""Shapes of a page: its lines, its words and the digits that stand alone, each as a rectangle, turned or not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from tfx_ocr.data import features
from tfx_ocr.data.alphabets.shapes import CLASSES
from tfx_ocr.data.page.page import Box, Line, Page, Polygon, Word, join_boxes
from tfx_ocr.data.record import Value

LINE, WORD, DIGIT = CLASSES
NUMBERS = 9  # of a shape in what training takes: its kind, and x and y of four corners as shares of the longer side


class Shape(NamedTuple):
    """A part of a page.

    Attributes:
        kind: one of `data.alphabets.shapes.CLASSES`.
        polygon: four corners in pixels, clockwise.
        confidence: from 0 to 1; 1 for truth.
    """

    kind: str
    polygon: Polygon
    confidence: float = 1.0


def enclose_turned(points: Iterable[tuple[float, float]]) -> Polygon:
    """Return the four corners of the smallest rectangle, turned or not, that holds all points, clockwise."""
    corners = cv2.boxPoints(cv2.minAreaRect(np.array(list(points), np.float32)))
    return tuple((round(float(x), 2) + 0.0, round(float(y), 2) + 0.0) for x, y in corners)  # no -0.0


def list_shapes(page: Page) -> list[Shape]:
    """Return the shapes of a page in pixels, in its reading order.

    A line without a place of its own has that of its words. Words are listed only where every line has some with
    places: a page that says a part of its words would call the others background.
    """
    lines = [
        (line, [(word, outline) for word in line.words if (outline := _outline(word))])
        for region in page.regions
        if "Margin" not in region.properties
        for line in region.lines
    ]
    outlined = [(_outline(line), words) for line, words in lines if _outline(line)]
    is_divided = all(words for _, words in outlined)
    found = []
    for outline, words in outlined:
        found.append(Shape(LINE, enclose_turned(outline)))
        for word, around in words if is_divided else ():
            kinds = [WORD, DIGIT] if re.fullmatch("[0-9]", word.text) else [WORD]
            found += [Shape(kind, enclose_turned(around)) for kind in kinds]
    return found


def list_judged(kinds: Collection[str]) -> tuple[str, ...]:
    """Return the kinds of which a page with such shapes says all: words and digits only where it has words.

    >>> list_judged(["line", "line"]), list_judged(["line", "word"])
    (('line',), ('line', 'word', 'digit'))
    """
    return CLASSES if WORD in kinds else (LINE,)


def build_features(shapes: Sequence[Shape], size: tuple[float, float], image: bytes) -> dict[str, Value]:
    """Return the features of a page's record: its picture and its shapes, as docs/records.md has them."""
    return {
        features.IMAGE: image,
        features.PAGE_SIZE: [float(side) for side in size],
        features.SHAPES: [shape.kind.encode() for shape in shapes],
        features.POLYGONS: [float(number) for shape in shapes for corner in shape.polygon for number in corner],
    }


def _outline(part: Line | Word) -> Polygon:
    """The outline of a line or a word; () where neither it nor its words have a place that is more than a stroke."""
    box = part.box
    if box is None and isinstance(part, Line):
        box = join_boxes(word.box for word in part.words)
    if box is None or box.right <= box.left or box.bottom <= box.top:
        return ()
    return part.polygon or list_corners(box)


def list_corners(box: Box) -> Polygon:
    """Return the four corners of a box, clockwise from the top left."""
    return ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
