"""Sheets to be written on: a cell for each character, printed, filled in by hand, scanned, and cut into pictures.

A page is A4. A mark in each corner tells where it lies in a scan, and a row of squares between the upper ones which of
a sheet's pages it is and for which characters, and so which side is up.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Grey = npt.NDArray[np.uint8]  # [height, width], dark on light

# Of a page, in millimetres.
WIDTH, HEIGHT = 210.0, 297.0
MARK, MARK_AT = 10.0, 15.0  # side of a mark, and how far its middle is from both edges
CODE_AT, CODE_STEP, CODE_SIDE = (45.0, 15.0), 6.0, 4.0  # middle of the first square; x from one to the next; side
GRID_AT = (20.0, 27.0)  # left and top of the first cell
COLUMNS, ROWS = 10, 12
CELL = (17.0, 21.0)  # from one to the next; the box of it is square, with the character above
BOX, CAPTION = 15.5, 5.0
INSET = 0.9  # of a box, not cut out: its rule

PX = 10  # pixels of a millimetre: 254 dots per inch
MOST_PAGES = 256
BITS = 20  # 1 0, eight of the page, eight of the characters, parity, 1
RULE, INK = 200, 0  # grey of the boxes and of what is printed
WRITTEN = 0.004  # of a box's pixels that must be ink, or it is empty
DARK = 0.25  # of the way from the paper to the marks: darker is ink
SEARCHED_PX = 1600  # longer side of a scan in which marks are looked for
NESTED = ((1.4, 3.0), (1.9, 5.0))  # ratio of areas of a mark's square to its hole, and of the hole to what is inside


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A cell for each character, over as many pages as are needed.

    Attributes:
        characters: in their order; one may stand several times, to be written as often.

    Raises:
        ValueError: it is empty, or holds more than `MOST_PAGES` pages do.
    """

    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.characters:
            raise ValueError("a sheet needs one character or more")
        if self.pages > MOST_PAGES:
            most = MOST_PAGES * COLUMNS * ROWS
            raise ValueError(f"{len(self.characters):,} characters: a sheet holds {most:,} at most; make several")

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return math.ceil(len(self.characters) / (COLUMNS * ROWS))

    def list_cells(self, page: int) -> list[tuple[str, float, float]]:
        """Return a page's characters with the left and top of their boxes in millimetres; pages count from 0."""
        there = self.characters[page * COLUMNS * ROWS : (page + 1) * COLUMNS * ROWS]
        places = ((place % COLUMNS, place // COLUMNS) for place in range(len(there)))
        return [
            (character, GRID_AT[0] + column * CELL[0], GRID_AT[1] + CAPTION + row * CELL[1])
            for character, (column, row) in zip(there, places, strict=True)
        ]

    @functools.cached_property
    def digest(self) -> int:
        """Number from 0 to 255 by which a sheet for other characters is told."""
        return zlib.crc32("".join(self.characters).encode()) & 0xFF

    def build_code(self, page: int) -> list[int]:
        """Return the bits of a page's squares, 1 for black."""
        bits = [*_to_bits(page), *_to_bits(self.digest)]
        return [1, 0, *bits, sum(bits) % 2, 1]

    def read_code(self, bits: Sequence[int]) -> int | None:
        """Return the page that the squares stand for; None where they are not those of a sheet.

        Raises:
            ValueError: they are of a sheet for other characters, or of a page that there is not.
        """
        inner = [*bits[2:-2]]
        if [*bits[:2], bits[-1]] != [1, 0, 1] or sum(inner) % 2 != bits[-2]:
            return None
        page, digest = (int("".join(map(str, each)), 2) for each in (inner[:8], inner[8:]))
        if digest != self.digest or page >= self.pages:
            raise ValueError("this sheet was printed for other characters: give those that it was made with")
        return page


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """A page that was read.

    Attributes:
        number: from 0.
        written: characters and pictures of their boxes, dark on light.
        empty: characters whose boxes nothing stands in.
    """

    number: int
    written: tuple[tuple[str, Grey], ...]
    empty: tuple[str, ...]


def draw_pages(sheet: Sheet, font: Path) -> Iterator[Image.Image]:
    """Draw a sheet's pages, `PX` pixels a millimetre.

    Args:
        sheet: what to write.
        font: that draws all of its characters.
    """
    captions = ImageFont.truetype(font, round(0.75 * CAPTION * PX))
    for page in range(sheet.pages):
        image = Image.new("L", (round(WIDTH * PX), round(HEIGHT * PX)), 255)
        draw = ImageDraw.Draw(image)
        for x, y in _list_marks():
            for side, grey in ((MARK, INK), (MARK * 5 / 7, 255), (MARK * 3 / 7, INK)):
                draw.rectangle(_box(x - side / 2, y - side / 2, side), fill=grey)
        for place, bit in enumerate(sheet.build_code(page)):
            x = CODE_AT[0] + place * CODE_STEP
            if bit:
                draw.rectangle(_box(x - CODE_SIDE / 2, CODE_AT[1] - CODE_SIDE / 2, CODE_SIDE), fill=INK)
        for character, left, top in sheet.list_cells(page):
            draw.rectangle(_box(left, top, BOX), outline=RULE, width=round(0.3 * PX))
            at = ((left + BOX / 2) * PX, (top - 0.15 * CAPTION) * PX)
            draw.text(at, character, fill=INK, font=captions, anchor="ms")
        yield image


def write_pdf(sheet: Sheet, font: Path, out: Path) -> None:
    """Write a sheet to be printed, A4."""
    first, *others = draw_pages(sheet, font)
    first.save(out, "PDF", resolution=PX * 25.4, save_all=True, append_images=others)


def read_page(sheet: Sheet, grey: Grey) -> Page:
    """Read a scan or a photograph of a filled page: on its side or upside down, askew, in perspective.

    Args:
        sheet: what was printed.
        grey: of the whole page.

    Raises:
        ValueError: the corner marks are not found, or it is a page of another sheet.
    """
    corners = _find_marks(grey)
    marks = np.array(_list_marks(), np.float32) * PX
    for turn in range(4):
        matrix = cv2.getPerspectiveTransform(np.roll(corners, -turn, 0), marks)
        size = (round(WIDTH * PX), round(HEIGHT * PX))
        upright = np.asarray(cv2.warpPerspective(grey, matrix, size, borderValue=(255.0,)), np.uint8)
        dark = float(np.mean([_measure(upright, x, y, MARK * 2 / 7) for x, y in _list_marks()]))
        light = float(np.median(upright))
        levels = [_measure(upright, CODE_AT[0] + n * CODE_STEP, CODE_AT[1], CODE_SIDE / 2) for n in range(BITS)]
        number = sheet.read_code([int(level < (dark + light) / 2) for level in levels])
        if number is not None:
            return _cut(sheet, number, upright, dark)
    raise ValueError("the row of squares at the top cannot be read: scan the page again, in focus and whole")


def _cut(sheet: Sheet, number: int, upright: Grey, dark: float) -> Page:
    written, empty = [], []
    for character, left, top in sheet.list_cells(number):
        begin, end = (round((edge + INSET) * PX) for edge in (left, top)), round((BOX - 2 * INSET) * PX)
        x, y = begin
        box = upright[y : y + end, x : x + end]
        paper = float(np.median(box))
        if (box < paper - DARK * (paper - dark)).mean() < WRITTEN:
            empty.append(character)
        else:
            written.append((character, box))
    return Page(number=number, written=tuple(written), empty=tuple(empty))


def _find_marks(grey: Grey) -> npt.NDArray[np.float32]:
    """Return the middles of the four corner marks, clockwise as they lie in the scan: [4, 2] x and y in pixels."""
    scale = min(1.0, SEARCHED_PX / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    around = max(15, round(min(small.shape) / 12)) | 1
    black = cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, around, 15)
    contours, hierarchy = cv2.findContours(black, cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(contour) for contour in contours]
    found = []
    for outer in range(len(contours)):
        hole = hierarchy[0][outer][2]
        inside = hierarchy[0][hole][2] if hole >= 0 else -1
        if inside < 0 or not areas[hole] or not areas[inside]:
            continue
        ratios = areas[outer] / areas[hole], areas[hole] / areas[inside]
        if all(low < ratio < high for ratio, (low, high) in zip(ratios, NESTED, strict=True)):
            found.append((areas[outer], contours[outer].reshape(-1, 2).mean(0) / scale))
    found.sort(key=lambda each: -each[0])
    if len(found) < 4 or found[0][0] > 4 * found[3][0]:
        count = sum(4 * area >= found[0][0] for area, _ in found)
        raise ValueError(f"{min(count, 4)} of the 4 corner marks found: give a scan that shows the whole page")
    corners = np.array([middle for _, middle in found[:4]], np.float32)
    away = corners - corners.mean(0)
    return corners[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]


def _list_marks() -> list[tuple[float, float]]:
    """The middles of the marks in millimetres, clockwise from the upper left."""
    right, bottom = WIDTH - MARK_AT, HEIGHT - MARK_AT
    return [(MARK_AT, MARK_AT), (right, MARK_AT), (right, bottom), (MARK_AT, bottom)]


def _measure(upright: Grey, x: float, y: float, side: float) -> float:
    """The mean grey of a square, by its middle and side in millimetres."""
    left, top, right, bottom = (round(edge) for edge in _box(x - side / 2, y - side / 2, side))
    return float(upright[top:bottom, left:right].mean())


def _box(left: float, top: float, side: float) -> tuple[float, float, float, float]:
    """A square of millimetres in pixels."""
    return left * PX, top * PX, (left + side) * PX, (top + side) * PX


def _to_bits(number: int) -> list[int]:
    return [int(bit) for bit in f"{number:08b}"]
