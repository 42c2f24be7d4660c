"""Single glyphs in a page's ink: connected components, pieces that belong together, strokes that touch cut apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from tfx_ocr.serving.reader.ink import Grey, Mask

SMALLEST_PX = 10  # height of a glyph: 1 mm at 300 dots per inch
SMALLEST_SHARE = 1 / 220  # the same, of the page's shorter side
LARGEST_SHARE = 1 / 5  # of the page's longer side: what is larger is a picture or a stain
FEWEST_PX = 12  # pixels of a piece
SHORTEST = 0.5  # of a blob's height that a part cut from it must have
LIKE = 0.5  # of the higher neighbour that the lower must be high
INK_COST = 12  # of a pixel of ink that a cut crosses, in steps to the side


@dataclasses.dataclass(frozen=True, eq=False)
class Blob:
    """Connected ink, or several pieces of it taken together.

    Attributes:
        left: in pixels of the upright page.
        top: likewise.
        mask: [height, width] bool, its own pixels.
    """

    left: int
    top: int
    mask: np.ndarray

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.mask.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.mask.shape[1])

    @property
    def right(self) -> int:
        """Excluded."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """Excluded."""
        return self.top + self.height

    def join(self, other: Blob) -> Blob:
        """Return both as one."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        mask = np.zeros((max(self.bottom, other.bottom) - top, max(self.right, other.right) - left), bool)
        for blob in (self, other):
            mask[blob.top - top : blob.bottom - top, blob.left - left : blob.right - left] |= blob.mask
        return Blob(left, top, mask)

    def cut(self, mask: np.ndarray) -> Blob | None:
        """Return the part of it that lies in `mask` [height, width] bool, None where nothing does."""
        kept = self.mask & mask
        rows, columns = np.flatnonzero(kept.any(1)), np.flatnonzero(kept.any(0))
        if not len(rows):
            return None
        part = kept[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Blob(self.left + int(columns[0]), self.top + int(rows[0]), part)


def find_blobs(mask: Mask) -> list[Blob]:
    """Return the connected components of a page's ink that are larger than a speck and smaller than a picture."""
    largest = max(mask.shape) * LARGEST_SHARE if max(mask.shape) > 1000 else max(mask.shape)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    kept = (stats[:, 4] >= FEWEST_PX) & (stats[:, 2:4].max(1) <= largest)
    return [
        Blob(left, top, labels[top : top + height, left : left + width] == number)
        for number, (left, top, width, height, _) in enumerate(stats.tolist())
        if number and kept[number]
    ]


def find_smallest(size: tuple[int, ...]) -> int:
    """Return the height in pixels from which on ink is a glyph, on a page of that height and width."""
    return max(SMALLEST_PX, round(min(size) * SMALLEST_SHARE))


def list_parts(blob: Blob, narrowest: float, widest: float) -> dict[tuple[int, int], Blob]:
    """Return the parts that touching glyphs may be cut into, by the cuts on their left and right.

    A cut is a path from top to bottom that crosses as little ink as it can and moves by at most a pixel a row. Cut 0 is
    the blob's left edge, the last its right edge.

    Args:
        blob: ink.
        narrowest: width of a part in pixels.
        widest: likewise.

    Source: of the cheapest path: Avidan, Shamir, "Seam carving for content-aware image resizing", 2007.
    """
    cost = _add_up(blob.mask)
    sides = [np.zeros_like(blob.mask)]
    for column in _choose_columns(cost[-1], max(3, round(narrowest / 2))):
        side = _follow(cost, column)
        if not (side & ~sides[-1]).any():
            continue
        sides.append(side | sides[-1])
    sides.append(np.ones_like(blob.mask))
    parts = {}
    for first in range(len(sides) - 1):
        for last in range(first + 1, len(sides)):
            part = blob.cut(sides[last] & ~sides[first])
            if part and part.width > widest and last > first + 1:
                break
            if part and part.width >= narrowest and part.height >= SHORTEST * blob.height:
                parts[first, last] = part
    return parts


def _add_up(mask: np.ndarray) -> np.ndarray:
    """The cheapest way from the top to each pixel: [height, width] int32; ink costs much, a step to the side little."""
    cost = np.zeros(mask.shape, np.int32)
    above = np.zeros(mask.shape[1] + 2, np.int32)
    above[[0, -1]] = 1 << 20
    for row, inked in enumerate(mask):
        cost[row] = np.minimum(above[1:-1], np.minimum(above[:-2], above[2:]) + 1) + INK_COST * inked
        above[1:-1] = cost[row]
    return cost


def _choose_columns(cost: np.ndarray, apart: int) -> list[int]:
    """The columns where the cheapest paths end, at least `apart` from each other and from the edges."""
    chosen: list[int] = []
    for column in np.argsort(cost, kind="stable").tolist():
        if apart <= column < len(cost) - apart and all(abs(column - other) >= apart for other in chosen):
            chosen.append(column)
    return sorted(chosen)


def _follow(cost: np.ndarray, column: int) -> np.ndarray:
    """The pixels left of the cheapest path that ends in a column: [height, width] bool."""
    height, width = cost.shape
    ends = np.empty(height, np.int32)
    ends[-1] = column
    for row in range(height - 2, -1, -1):
        lower, upper = max(column - 1, 0), min(column + 2, width)
        near = cost[row, lower:upper] + (np.arange(lower, upper) != column)
        column = lower + int(np.argmin(near))
        ends[row] = column
    return np.arange(width) < ends[:, None]


class Grid:
    """Boxes of blobs as columns of numbers."""

    def __init__(self, blobs: Sequence[Blob]):
        sides = [(blob.left, blob.top, blob.right, blob.bottom) for blob in blobs]
        self.left, self.top, self.right, self.bottom = np.array(sides, float).reshape(-1, 4).T

    def list_near(self, blob: Blob, distance: float) -> list[int]:
        """Return the numbers of the boxes that are at most so many pixels away."""
        across = np.maximum(self.left - blob.right, blob.left - self.right)
        down = np.maximum(self.top - blob.bottom, blob.top - self.bottom)
        return np.flatnonzero((across <= distance) & (down <= distance)).tolist()


def list_chains(blobs: Sequence[Blob], gap: float) -> list[list[Blob]]:
    """Return neighbours on a line, each from left to right.

    Args:
        blobs: in any order.
        gap: at most between neighbours, in heights of the higher one.
    """
    order = sorted(blobs, key=lambda blob: blob.left)
    grid = Grid(order)
    of = list(range(len(order)))

    def find(number: int) -> int:
        while of[number] != number:
            number = of[number]
        return number

    for number, blob in enumerate(order):
        heights = np.maximum(blob.height, grid.bottom - grid.top)
        lower = np.minimum(blob.height, grid.bottom - grid.top)
        shared = np.minimum(blob.bottom, grid.bottom) - np.maximum(blob.top, grid.top)
        near = (grid.left - blob.right <= gap * heights) & (shared >= lower / 2) & (lower >= LIKE * heights)
        for other in (np.flatnonzero(near[number + 1 :]) + number + 1).tolist():
            of[find(other)] = find(number)
    chains: dict[int, list[Blob]] = {}
    for number, blob in enumerate(order):
        chains.setdefault(find(number), []).append(blob)
    return list(chains.values())


def crop(ink: Grey, blobs: Sequence[Blob], margin: float) -> list[np.ndarray]:
    """Return a picture per blob, ink light on black: its own ink alone, with paper around it.

    Args:
        ink: as `ink.flatten` returns it, upright.
        blobs: on it.
        margin: paper on each side, in the blob's longer sides.

    Returns:
        [height, width] uint8 each.
    """
    pictures = []
    for blob in blobs:
        border = 1 + round(margin * max(blob.height, blob.width))
        level = ink[blob.top : blob.bottom, blob.left : blob.right]
        picture = np.zeros((blob.height + 2 * border, blob.width + 2 * border), np.uint8)
        # one pixel of soft edge comes along
        soft = cv2.dilate(np.pad(blob.mask.astype(np.uint8), border), np.ones((3, 3)))
        picture[border : border + blob.height, border : border + blob.width] = level
        pictures.append(picture * soft)
    return pictures
