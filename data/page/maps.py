"""Shapes to the maps that a detector learns, and a detector's maps to shapes: the one way back, for all who need it.

A map has a pixel for every `STRIDE` of the picture in its frame, see `data.pixels.page`. A shape's middle, its
rectangle shrunk on all sides, is full in the map of its kind, so that neighbours stay apart; `find_shapes` widens what
it finds by as much.

Source: Liao, Wan, Yao, Chen, Bai, "Real-time Scene Text Detection with Differentiable Binarization", 2020.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from tfx_ocr.data.page.shapes import Shape, list_judged

STRIDE = 4  # pixels of the frame along a pixel of a map
SHRUNK = 0.255  # by how much of area / (width + height) a rectangle shrinks on each side: (1 - r * r) / 2, r = 0.7
LEAST_PX = 1.0  # of a map, that is left of a side
EDGES = (0.3, 0.7)  # threshold away from a shape's edge and on it
FULL = 250  # in a map of shapes: a pixel that is of a shape's middle as a whole
UNKNOWN = 255  # in a map of shapes: the page does not say
ENLARGED = 2  # times: maps are looked at at a finer grain than they have
PRESENT = 0.5  # probability from which on a pixel is of a shape
SURE = 0.55  # mean of a shape's pixels from which on it is found
SMALLEST_PX = 2.0  # shorter side of what is found, in pixels of the frame


def measure_margin(width: float, height: float) -> float:
    """Return by how much a rectangle shrinks on each side: `SHRUNK` of its area over half its perimeter.

    >>> round(measure_margin(100, 10), 3)
    2.318
    """
    margin = SHRUNK * width * height / (width + height)
    return max(0.0, min(margin, (min(width, height) - LEAST_PX) / 2))


def widen(width: float, height: float) -> float:
    """Return the margin of the rectangle that `measure_margin` shrinks to one of these sides.

    With margin d, d * (width + height + 4 d) = SHRUNK * (width + 2 d) * (height + 2 d).

    >>> round(widen(100 - 2 * 2.318, 10 - 2 * 2.318), 3)
    2.318
    """
    a, b, c = 4 * (1 - SHRUNK), (width + height) * (1 - 2 * SHRUNK), -SHRUNK * width * height
    return (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)


def draw_targets(rows: np.ndarray, side: int, kinds: Sequence[str]) -> np.ndarray:
    """Draw what a detector learns of one page.

    Args:
        rows: [shapes, 9] of a shape's kind, by its number, and x and y of its four corners, as shares of the frame;
            a number below 0 is padding.
        side: of the frame, in pixels.
        kinds: names of the kinds.

    Returns:
        [side / STRIDE, side / STRIDE, 2 * kinds] uint8: of each kind how much of a pixel is of a shape's middle, of
        `FULL`, and `UNKNOWN` all over where the page does not say; then of each kind the threshold around shapes'
        edges, of 255, and 0 elsewhere.
    """
    length = side // STRIDE
    found = np.zeros((length, length, 2 * len(kinds)), np.uint8)
    rows = rows[rows[:, 0] >= 0]
    for row in rows:
        _draw_shape(found, row, len(kinds))
    judged = list_judged({kinds[int(number)] for number in rows[:, 0]})
    for number, kind in enumerate(kinds):
        if kind not in judged:
            found[..., number] = UNKNOWN
    return found


def _draw_shape(maps: np.ndarray, row: np.ndarray, kinds: int) -> None:
    """Draw the middle and the edge of one shape into maps."""
    kind, length = int(row[0]), maps.shape[0]
    (x, y), (width, height), degrees = cv2.minAreaRect((row[1:].reshape(4, 2) * length).astype(np.float32))
    margin = measure_margin(width, height)
    reach = (math.hypot(width, height) / 2) + margin + 1
    left, top = (max(0, math.floor(at - reach)) for at in (x, y))
    right, bottom = (min(length, math.ceil(at + reach)) for at in (x, y))
    if left >= right or top >= bottom:
        return
    across, down = np.meshgrid(np.arange(left, right) + 0.5 - x, np.arange(top, bottom) + 0.5 - y)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along, beside = np.abs(cos * across + sin * down) - width / 2, np.abs(cos * down - sin * across) - height / 2
    outside = np.hypot(np.maximum(along, 0), np.maximum(beside, 0))
    distance = np.where(outside > 0, outside, np.maximum(along, beside))  # from the edge, inside negative
    middle, edge = (maps[top:bottom, left:right, number] for number in (kind, kinds + kind))
    covered = np.rint(FULL * (0.5 - margin - distance).clip(0, 1)).astype(np.uint8)
    np.maximum(middle, covered, out=middle)
    near = 1 - np.abs(distance) / max(margin, 0.5)
    level = np.rint(255 * (EDGES[0] + (EDGES[1] - EDGES[0]) * near)).clip(0, 255).astype(np.uint8)
    np.maximum(edge, np.where(near > 0, level, 0).astype(np.uint8), out=edge)


def find_shapes(maps: np.ndarray, kinds: Sequence[str], size: tuple[float, float]) -> list[Shape]:
    """Find the shapes of a page in the maps that a detector answers.

    Args:
        maps: [kinds, height, width], probabilities of a shape's middle.
        kinds: names of the kinds.
        size: width and height of the page's picture in pixels.

    Returns:
        Shapes in pixels of the picture, from top to bottom for each kind, each as sure as the mean of its pixels.
    """
    scale = max(size) / (maps.shape[-1] * ENLARGED)  # pixels of the picture a pixel of what is looked at
    smallest = SMALLEST_PX / STRIDE * ENLARGED
    found = []
    for kind, probabilities in zip(kinds, maps, strict=True):
        large = cv2.resize(
            np.asarray(probabilities, np.float32), None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_LINEAR
        )
        contours, _ = cv2.findContours((large >= PRESENT).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        shapes = []
        for contour in contours:
            (x, y), (width, height), degrees = cv2.minAreaRect(contour)
            width, height = width + 1, height + 1  # a contour goes through the middles of pixels
            confidence = _average(large, contour)
            if confidence < SURE or min(width, height) < smallest:
                continue
            margin = widen(width, height)
            turned = ((x + 0.5, y + 0.5), (width + 2 * margin, height + 2 * margin), degrees)
            corners = np.round(cv2.boxPoints(turned) * scale, 2) + 0.0  # no -0.0
            shapes.append(Shape(kind, tuple((float(x), float(y)) for x, y in corners), confidence))
        found += sorted(shapes, key=lambda shape: (min(y for _, y in shape.polygon), min(x for x, _ in shape.polygon)))
    return found


def _average(large: np.ndarray, contour: np.ndarray) -> float:
    left, top, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [contour], 0, (1,), -1, offset=(-left, -top))
    return float(cv2.mean(large[top : top + height, left : left + width], inside)[0])
