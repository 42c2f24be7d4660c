"""Whole pages drawn from fonts and from pictures of handwriting, with their truth: `tfx-ocr synthetic pages --out DIR`.

A page is laid out as print in columns, a form, a table, a receipt, notes on ruled paper or rows of digits; stamps,
folds, shadows, noise, skew and fax come on top.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tfx_ocr.data import files, images
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word, enclose, join_boxes
from tfx_ocr.data.page.shapes import build_features, list_corners, list_shapes
from tfx_ocr.data.record import Record
from tfx_ocr.data.synthetic import fonts, own_texts, paper, shards, vietnamese, vietnamese_texts
from tfx_ocr.data.synthetic.digit_pages import draw_cells, draw_dots, draw_rule, resize_digit
from tfx_ocr.data.synthetic.writing import read_grey, read_writing

LONGEST = (1000, 1700)  # pixels of a page's longer side
EM = (0.012, 0.024)  # size of the print, of the longer side: about 10 to 20 points on A4
LOOKS = (
    paper.Look(paper=(225, 255), contrast=(0.6, 1.0), grain=(0, 4), blur=(0, 0.8)),  # scanned
    paper.Look(
        paper=(150, 235), contrast=(0.45, 0.95), shading=(10, 90), grain=(0, 8), blur=(0.2, 1.3)
    ),  # photographed
)
READERS = ("idx", "kalapa", "cinnamon", "labelled_csv", "tfrecord", "image_folder")  # of handwriting
A_SHARD = 50  # pages
BROKEN, FOLDED, STAMPED, FAXED = 0.1, 0.25, 0.3, 0.12  # shares of the pages


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrawnPage:
    """A page with its truth.

    Attributes:
        pixels: [height, width] uint8, dark on light.
        page: its regions in reading order; lines and words have texts, boxes and, where they are turned, polygons.
        layout: one of `LAYOUTS`.
    """

    pixels: paper.Grey
    page: Page
    layout: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing:
    """A set to be drawn, as values: called with a range of numbers, it gives those records.

    Attributes:
        files: the fonts.
        inked: for each font, the characters it draws.
        texts: as `vietnamese.Drawing` takes them.
        seed: of everything; a page depends on it and its number alone.
        styles: names in `LAYOUTS`, one of them at random for each page.
        writing: folder of pictures of written lines or digits, of a format of `READERS`; None to write with fonts.
        backgrounds: folder of pictures of paper; None for even paper.
    """

    files: tuple[Path, ...]
    inked: tuple[frozenset[str], ...]
    texts: Path | own_texts.OwnTexts | None = None
    seed: int = 7
    styles: tuple[str, ...] = ()
    writing: Path | None = None
    backgrounds: Path | None = None

    def __call__(self, numbers: range) -> Iterator[Record]:
        """Yield the records of pages by their numbers."""
        cv2.setNumThreads(1)  # processes, not threads
        for number in numbers:
            drawn = self.draw(number)
            height, width = drawn.pixels.shape
            picture = images.encode_png(drawn.pixels.tobytes(), height, width)
            yield Record(
                features=build_features(list_shapes(drawn.page), (width, height), picture),
                source=f"{drawn.layout}/{number}",
                group=drawn.layout,
            )

    def draw(self, number: int) -> DrawnPage:
        """Draw the page of a number."""
        rng = np.random.default_rng((self.seed, number))
        layout = str(rng.choice(self.styles or list(LAYOUTS)))
        longest = int(rng.integers(LONGEST[0], LONGEST[1] + 1))
        share = rng.uniform(0.35, 0.6) if layout == "receipt" else rng.uniform(0.65, 0.8)
        height, width = longest, round(longest * share)
        if layout in ("table", "form") and rng.random() < 0.3:
            height, width = width, height
        sheet = _Sheet(self, rng, height, width)
        LAYOUTS[layout](sheet)
        if rng.random() < STAMPED:
            _draw_stamp(sheet)
        pixels, page = _photograph(sheet)
        return DrawnPage(pixels=pixels, page=page, layout=layout)

    @functools.cached_property
    def chosen_texts(self) -> vietnamese_texts.Texts | own_texts.OwnTexts:
        """The texts that pages are set in."""
        return vietnamese.load_texts(self.texts, "")

    @functools.cached_property
    def written(self) -> tuple[list[tuple[str, np.ndarray]], list[tuple[str, np.ndarray]]]:
        """Digits and lines of handwriting: each a text and a picture, ink light."""
        digits: list[tuple[str, np.ndarray]] = []
        lines: list[tuple[str, np.ndarray]] = []
        for each in read_writing(self.writing, READERS) if self.writing else ():
            (digits if len(each.text) == 1 and each.text.isdigit() else lines).append((each.text, each.ink))
        return digits, lines

    @functools.cached_property
    def papers(self) -> list[paper.Grey]:
        """Pictures of paper, grey."""
        found = (
            [path for path in files.list_files(self.backgrounds) if images.is_picture(path)] if self.backgrounds else []
        )
        return [read_grey(files.read_file(Path(str(self.backgrounds), path))) for path in found]


class _Sheet:
    """A page while it is drawn: its ink and the regions that stand on it."""

    def __init__(self, drawing: Drawing, rng: np.random.Generator, height: int, width: int):
        self.drawing, self.rng = drawing, rng
        self.ink: paper.Ink = np.zeros((height, width), np.float32)
        self.regions: list[Region] = []
        self.height, self.width = height, width
        self.em = max(height, width) * rng.uniform(*EM)
        self.margin = round(min(height, width) * rng.uniform(0.04, 0.11))
        self.face = self.choose_face()
        self.is_upper = rng.random() < 0.3
        self._pens: dict[tuple[int, int], fonts.Pen] = {}

    def choose_face(self) -> int:
        """Choose a font, by its number."""
        return int(self.rng.integers(len(self.drawing.files)))

    def choose_words(self, face: int, is_long: bool = False) -> list[str]:
        """Choose a text that a font has ink for, as words."""
        texts, inked = self.drawing.chosen_texts, self.drawing.inked[face]
        while True:
            text = texts.draw_line(self.rng, True) if is_long else texts.draw_short(self.rng)
            if self.is_upper and set(text.upper()) <= inked:
                text = text.upper()
            if text.strip() and set(text) <= inked:
                return text.split()

    def choose_amount(self, face: int) -> list[str]:
        """Choose a number as it stands in tables and receipts; words where a font lacks digits."""
        if not set("0123456789.,") <= self.drawing.inked[face]:
            return self.choose_words(face)
        value = 10 ** self.rng.uniform(0, 5)
        return [
            str(self.rng.choice([f"{value:.2f}", f"{value:,.2f}", str(int(value)), str(int(self.rng.integers(10)))]))
        ]

    def write(
        self, face: int, em: float, words: Sequence[str], x: float, y: float, right: float, align: str = "left"
    ) -> tuple[Line | None, list[str]]:
        """Write words on a baseline up to a right edge; return their line and the words that had no room.

        Args:
            face: font, by its number.
            em: size in pixels.
            words: texts.
            x: where the line may begin, in pixels.
            y: of the baseline.
            right: where it must end.
            align: `left`, `right` or `center`, between `x` and `right`.
        """
        size = max(7, round(em))
        pen = self._pens.setdefault((face, size), fonts.Pen(self.drawing.files[face], size))
        gap = max(pen.advance(" "), 0.2 * size) * self.rng.uniform(0.9, 1.4)
        lengths = [pen.advance(word) for word in words]
        ends = np.cumsum([length + gap for length in lengths]) - gap
        count = int((ends <= right - x).sum())
        if not count:
            return None, list(words)
        x += {"left": 0.0, "right": 1.0, "center": 0.5}[align] * (right - x - ends[count - 1])
        parts = []
        for word, length in zip(words[:count], lengths, strict=False):
            glyphs, left, top = pen.draw(word)
            if box := self.put(glyphs.astype(np.float32) / 255, round(x + left), round(y + top)):
                parts.append(Word(text=word, box=box))
            x += length + gap
        return _join(parts), list(words[count:])

    def put(self, part: paper.Ink, left: int, top: int) -> Box | None:
        """Put ink on the page; return the box of what is on it, None where it is not whole on the page."""
        height, width = part.shape
        if left < 0 or top < 0 or left + width > self.width or top + height > self.height:
            return None
        under = self.ink[top : top + height, left : left + width]
        np.maximum(under, part, out=under)
        return Box(float(left), float(top), float(left + width), float(top + height))

    def add(self, lines: Sequence[Line | None]) -> None:
        """Add a region of lines; those that were not written are None."""
        if kept := tuple(line for line in lines if line):
            self.regions.append(Region(lines=kept, box=join_boxes(line.box for line in kept)))


def _join(words: Sequence[Word]) -> Line | None:
    if not words:
        return None
    return Line(text=" ".join(word.text for word in words), words=tuple(words), box=join_boxes(w.box for w in words))


def _draw_text(sheet: _Sheet) -> None:
    """Print in one or two columns under a heading."""
    rng, em, top = sheet.rng, sheet.em, float(sheet.margin)
    if rng.random() < 0.7:
        large = em * rng.uniform(1.3, 2.4)
        top += large
        line, _ = sheet.write(
            sheet.face, large, sheet.choose_words(sheet.face), sheet.margin, top, sheet.width - sheet.margin, "center"
        )
        sheet.add([line])
        top += large
    columns = 2 if sheet.width > 32 * em and rng.random() < 0.6 else 1
    pitch, gutter = em * rng.uniform(1.2, 1.8), 2.0 * em
    breadth = (sheet.width - 2 * sheet.margin - (columns - 1) * gutter) / columns
    bottom = sheet.height - sheet.margin - rng.uniform(0, 0.5) * (sheet.height - top)
    for column in range(columns):
        x, y = sheet.margin + column * (breadth + gutter), top + pitch
        while y < bottom:
            left, lines = (
                [word for _ in range(int(rng.integers(1, 7))) for word in sheet.choose_words(sheet.face, True)],
                [],
            )
            while left and y < bottom:
                line, rest = sheet.write(sheet.face, em, left, x, y, x + breadth)
                if rest == left:  # a word wider than the column
                    rest = left[1:]
                left = rest
                lines.append(line)
                y += pitch
            sheet.add(lines)
            y += pitch * rng.uniform(0, 1.2)


def _fill_in(sheet: _Sheet, hand: int, x: float, y: float, right: float) -> Line | None:
    """Write what a person fills in: a picture of a line, digits, or words in a font of handwriting."""
    rng, (digits, lines) = sheet.rng, sheet.drawing.written
    kind = rng.random()
    if lines and kind < 0.4:
        text, picture = lines[int(rng.integers(len(lines)))]
        return _put_line(sheet, text, picture, x, y, right)
    if digits and kind < 0.75:
        return _write_digits(sheet, x, y, right, sheet.em * rng.uniform(0.9, 1.4), int(rng.integers(1, 10)))
    words = sheet.choose_amount(hand) if kind < 0.3 else sheet.choose_words(hand)
    return sheet.write(hand, sheet.em * rng.uniform(1.0, 1.4), words, x, y, right)[0]


def _put_line(sheet: _Sheet, text: str, picture: np.ndarray, x: float, y: float, right: float) -> Line | None:
    """Put the picture of a written line on a baseline; where its words stand is not known."""
    high = sheet.em * sheet.rng.uniform(1.3, 1.9)
    scale = min(high / picture.shape[0], (right - x) / picture.shape[1])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    if size[1] < 8:
        return None
    ink = cv2.resize(picture.astype(np.float32) / 255, size, interpolation=cv2.INTER_AREA)
    box = sheet.put(np.asarray(ink, np.float32), round(x), round(y - 0.75 * size[1]))
    return Line(text=text, box=box) if box else None


def _write_digits(
    sheet: _Sheet, x: float, y: float, right: float, size: float, count: int, pitch: float = 0.0
) -> Line | None:
    """Write a number with pictures of digits, all as one word, or apart, a word each, where `pitch` says how far."""
    rng, (digits, _) = sheet.rng, sheet.drawing.written
    step, parts = pitch or size * rng.uniform(0.62, 0.95), []
    for place in range(count):
        label, picture = digits[int(rng.integers(len(digits)))]
        ink = resize_digit(picture, size * rng.uniform(0.9, 1.1))
        middle = x + (place + 0.5) * step
        if middle + step / 2 > right:
            break
        jitter = rng.normal(0, 0.04 * size)
        box = sheet.put(ink, round(middle - ink.shape[1] / 2), round(y - 0.8 * size + jitter))
        if box:
            parts.append(Word(text=label, box=box))
    if not pitch and parts:
        parts = [Word(text="".join(part.text for part in parts), box=join_boxes(part.box for part in parts))]
    return _join(parts)


def _draw_form(sheet: _Sheet) -> None:
    """Captions, and fields on rules, dots or in boxes, filled in or not."""
    rng, em, hand = sheet.rng, sheet.em, sheet.choose_face()
    pitch, thick = em * rng.uniform(2.2, 3.4), max(1.0, em * rng.uniform(0.04, 0.12))
    ruling, strength = str(rng.choice(["rule", "dots", "box", "cells"])), rng.uniform(0.3, 0.9)
    columns = 2 if sheet.width > 45 * em else 1
    breadth = (sheet.width - 2 * sheet.margin) / columns
    for y in np.arange(sheet.margin + pitch, sheet.height - sheet.margin, pitch):
        for column in range(columns):
            x, end = sheet.margin + column * breadth, sheet.margin + (column + 1) * breadth - em
            caption, _ = sheet.write(sheet.face, em, sheet.choose_words(sheet.face), x, y, end)
            begin = (caption.box.right if caption and caption.box else x) + em * rng.uniform(0.5, 1.5)
            lines = [caption]
            if end - begin > 5 * em:
                low = y + 0.35 * em
                cells, cell = int((end - begin) / (1.6 * em)), 1.6 * em
                if ruling == "rule":
                    draw_rule(sheet.ink, begin, end, low, thick, strength)
                elif ruling == "dots":
                    draw_dots(sheet.ink, begin, end, low, thick, strength)
                elif ruling == "box":
                    draw_cells(sheet.ink, begin, y - 1.3 * em, end - begin, 1.9 * em, 1, thick, strength, rng)
                else:
                    draw_cells(sheet.ink, begin, y - 1.3 * em, cell, 1.9 * em, cells, thick, strength, rng)
                if rng.random() < 0.7:
                    if ruling == "cells" and sheet.drawing.written[0]:
                        count = int(rng.integers(1, cells + 1))
                        lines.append(_write_digits(sheet, begin, y, end + cell, 1.15 * em, count, cell))
                    elif ruling != "cells":
                        lines.append(_fill_in(sheet, hand, begin + 0.3 * em, y, end))
            sheet.add(lines)


def _draw_table(sheet: _Sheet) -> None:
    """A heading, then rows and columns, ruled or not; each cell is a line."""
    rng, em = sheet.rng, sheet.em
    line, _ = sheet.write(
        sheet.face, 1.4 * em, sheet.choose_words(sheet.face), sheet.margin, sheet.margin + 1.4 * em, sheet.width
    )
    sheet.add([line])
    pitch, top = em * rng.uniform(1.5, 2.4), sheet.margin + 2.5 * em
    count = int(rng.integers(3, 7))
    edges = sheet.margin + np.cumsum([0, *rng.dirichlet(np.full(count, 8.0))]) * (sheet.width - 2 * sheet.margin)
    rows = int((sheet.height - sheet.margin - top) / pitch * rng.uniform(0.4, 1.0))
    thick, strength = max(1.0, 0.06 * em), rng.uniform(0.3, 1.0)
    ruling, hand = rng.random(), sheet.choose_face() if rng.random() < 0.3 else sheet.face
    for row in range(rows):
        low = top + (row + 1) * pitch
        y, lines = low - 0.4 * pitch + 0.1 * em, []
        for column, (x, end) in enumerate(itertools.pairwise(edges)):
            if row and rng.random() < 0.15:
                continue
            face = hand if row else sheet.face
            words = sheet.choose_amount(face) if row and column else sheet.choose_words(face)
            place = "right" if row and column else "left"
            lines.append(sheet.write(face, em, words, x + 0.3 * em, y, end - 0.3 * em, place)[0])
        sheet.add(lines)
        if ruling < 0.7 or row == 0:
            draw_rule(sheet.ink, edges[0], edges[-1], low, thick, strength)
    if ruling < 0.45:
        for x in edges:
            paper.draw_line(sheet.ink, (x, top), (x, top + rows * pitch), thick, strength)


def _draw_receipt(sheet: _Sheet) -> None:
    """A head in the middle, articles at the left with prices at the right, totals, rows of dashes between."""
    rng = sheet.rng
    sheet.is_upper = rng.random() < 0.75
    em = min(sheet.em * rng.uniform(0.7, 1.1), sheet.width / 22)
    pitch, left, right = em * rng.uniform(1.15, 1.7), float(sheet.margin) / 2, sheet.width - sheet.margin / 2
    y = sheet.margin + pitch
    head = []
    for number in range(int(rng.integers(3, 8))):
        large = em * (rng.uniform(1.0, 1.5) if number == 0 else 1.0)
        head.append(sheet.write(sheet.face, large, sheet.choose_words(sheet.face), left, y, right, "center")[0])
        y += pitch * large / em
    sheet.add(head)
    bottom = sheet.height - sheet.margin - pitch
    while y < bottom:
        if rng.random() < 0.12:
            draw_dots(sheet.ink, left, right, y - 0.3 * em, max(1.0, em * 0.08), 0.9)
            y += pitch
            continue
        tab = left + (right - left) * rng.uniform(0.55, 0.75)
        lines = [sheet.write(sheet.face, em, sheet.choose_words(sheet.face), left, y, tab)[0]]
        if rng.random() < 0.7:
            amount = sheet.choose_amount(sheet.face)
            lines.append(sheet.write(sheet.face, em, amount, tab + em, y, right, "right")[0])
        sheet.add(lines)
        y += pitch * (2 if rng.random() < 0.1 else 1)


def _draw_notes(sheet: _Sheet) -> None:
    """Handwriting on blank or ruled paper."""
    rng, hand = sheet.rng, sheet.choose_face()
    pitch, strength = sheet.em * rng.uniform(1.9, 2.8), rng.uniform(0.15, 0.6)
    is_ruled = rng.random() < 0.6
    lines = []
    for y in np.arange(sheet.margin + pitch, sheet.height - sheet.margin, pitch):
        if is_ruled:
            draw_rule(sheet.ink, sheet.margin / 2, sheet.width - sheet.margin / 2, y + 0.3 * sheet.em, 1.0, strength)
        right = sheet.width - sheet.margin * rng.uniform(0.5, 3.0)
        written = sheet.drawing.written[1]
        if written:
            text, picture = written[int(rng.integers(len(written)))]
            lines.append(_put_line(sheet, text, picture, sheet.margin, y, right))
        else:
            words = sheet.choose_words(hand, True)
            lines.append(sheet.write(hand, sheet.em * rng.uniform(1.1, 1.3), words, sheet.margin, y, right)[0])
    sheet.add(lines)


def _draw_digits(sheet: _Sheet) -> None:
    """Rows of numbers, in cells, on rules or free, in pictures of digits or in a font."""
    rng, size = sheet.rng, sheet.em * sheet.rng.uniform(1.0, 1.7)
    pitch, ruling = size * rng.uniform(1.7, 3.0), rng.random()
    thick, strength = max(1.0, 0.06 * size), rng.uniform(0.3, 0.9)
    for y in np.arange(sheet.margin + pitch, sheet.height - sheet.margin, pitch):
        x, lines = float(sheet.margin), []
        if 0.3 < ruling < 0.5:
            draw_rule(sheet.ink, sheet.margin / 2, sheet.width - sheet.margin / 2, y + 0.35 * size, thick, strength)
        while (room := sheet.width - sheet.margin - x) > 3 * size:
            count = int(rng.integers(1, 9))
            step = 1.25 * size if ruling < 0.3 else 0.0
            end = min(x + count * (step or 0.9 * size), sheet.width - sheet.margin)
            if rng.random() < 0.8 and count * (step or 0.9 * size) <= room:
                if step:
                    draw_cells(sheet.ink, x, y - 1.1 * size, step, 1.5 * size, count, thick, strength, rng)
                if sheet.drawing.written[0]:
                    apart = step or (1.3 * size if rng.random() < 0.3 else 0.0)
                    lines.append(_write_digits(sheet, x, y, x + count * (apart or size), size, count, apart))
                    end = max(end, x + count * (apart or size))
                else:
                    digits = "".join(str(digit) for digit in rng.integers(0, 10, count))
                    words = list(digits) if step else [digits]
                    words = words if set(digits) <= sheet.drawing.inked[sheet.face] else sheet.choose_words(sheet.face)
                    lines.append(sheet.write(sheet.face, size, words, x, y, sheet.width - sheet.margin)[0])
                    end = max(end, lines[-1].box.right if lines[-1] and lines[-1].box else end)
            x = end + size * rng.uniform(1.5, 4.0)
        sheet.add(lines)


LAYOUTS: dict[str, Callable[[_Sheet], None]] = {
    "text": _draw_text,
    "form": _draw_form,
    "table": _draw_table,
    "receipt": _draw_receipt,
    "notes": _draw_notes,
    "digits": _draw_digits,
}


def _draw_stamp(sheet: _Sheet) -> None:
    """Set a stamp: a turned text in a ring or a frame, over whatever lies there."""
    rng, em = sheet.rng, sheet.em * sheet.rng.uniform(1.0, 1.8)
    side = round(min(sheet.width, sheet.height, 16 * em))
    stamp = _Sheet(sheet.drawing, rng, side, side)
    face, middle = sheet.choose_face(), side / 2
    line, _ = stamp.write(face, em, sheet.choose_words(face), 0.15 * side, middle + 0.35 * em, 0.85 * side, "center")
    if line is None or line.box is None:
        return
    thick, reach = max(1, round(em * 0.1)), (line.box.right - line.box.left) / 2 + 0.6 * em
    if rng.random() < 0.5:
        cv2.circle(stamp.ink, (round(middle), round(middle)), round(reach), (1.0,), thick, cv2.LINE_AA)
    else:
        corners = [(round(middle - reach), round(middle - em)), (round(middle + reach), round(middle + em))]
        cv2.rectangle(stamp.ink, corners[0], corners[1], (1.0,), thick, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((middle, middle), float(rng.uniform(-35, 35)), 1.0)
    left, top = int(rng.integers(0, sheet.width - side + 1)), int(rng.integers(0, sheet.height - side + 1))
    ink = cv2.warpAffine(stamp.ink, turn, (side, side)) * np.float32(rng.uniform(0.5, 1.0))
    sheet.put(np.asarray(ink, np.float32), left, top)
    by = np.vstack([turn, [0, 0, 1]])
    by[:2, 2] += (left, top)
    sheet.add([_move(line, by)])


def _move(part: Any, by: np.ndarray) -> Any:
    """Return a line or a word where a projective transform of the page puts it."""
    corners = np.array([part.polygon or list_corners(part.box)], np.float64)
    polygon = tuple((float(x), float(y)) for x, y in cv2.perspectiveTransform(corners, by)[0])
    moved = dataclasses.replace(part, polygon=polygon, box=enclose(polygon))
    return (
        dataclasses.replace(moved, words=tuple(_move(word, by) for word in part.words))
        if hasattr(part, "words")
        else moved
    )


def _photograph(sheet: _Sheet) -> tuple[paper.Grey, Page]:
    """Put the page's ink on paper, take the picture, and say where all stands in it."""
    rng, height, width = sheet.rng, sheet.height, sheet.width
    look = LOOKS[int(rng.random() < 0.4)]
    ink = sheet.ink
    if rng.random() < BROKEN:  # poor print
        ink = ink * (rng.random(ink.shape, np.float32) > rng.uniform(0.05, 0.3))
    grey = paper.photograph(ink, rng, look)
    if sheet.drawing.papers:
        under = sheet.drawing.papers[int(rng.integers(len(sheet.drawing.papers)))]
        grey = (grey * (cv2.resize(under, (width, height)) / 255.0)).astype(np.uint8)
    if rng.random() < FOLDED:
        grey = _fold(grey, rng)
    ground = int(rng.uniform(0, 200)) if rng.random() < 0.25 else int(np.median(grey))
    is_photograph = look is LOOKS[1]
    by = _choose_view(sheet, is_photograph)
    seen = cv2.warpPerspective(grey, by, (width, height), flags=cv2.INTER_LINEAR, borderValue=(ground,))
    grey = np.asarray(seen, np.uint8)
    if rng.random() < FAXED:
        grey = _fax(grey, rng)
    regions = []
    for region in sheet.regions:
        lines = tuple(_move(line, by) for line in region.lines)
        regions.append(Region(lines=lines, box=join_boxes(line.box for line in lines)))
    return grey, Page(size=(float(width), float(height)), regions=tuple(regions))


def _choose_view(sheet: _Sheet, is_photograph: bool) -> np.ndarray:
    """Choose how the page is turned and seen: a projective transform that leaves all its lines in the picture."""
    rng, size = sheet.rng, np.array([sheet.width, sheet.height])
    boxes = [line.box for region in sheet.regions for line in region.lines if line.box]
    corners = np.array([[corner for box in boxes for corner in list_corners(box)]], np.float64)
    for _ in range(20):
        angle = rng.uniform(-5, 5) if is_photograph else rng.normal(0, 1.0)
        turn = cv2.getRotationMatrix2D((sheet.width / 2, sheet.height / 2), float(angle), float(rng.uniform(0.9, 1.0)))
        by = np.vstack([turn, [0, 0, 1]])
        if is_photograph:
            by[2, :2] = rng.uniform(-0.06, 0.06, 2) / size
        seen = cv2.perspectiveTransform(corners, by) if boxes else np.zeros((1, 0, 2))
        if ((seen >= 0) & (seen <= size)).all():
            return by
    return np.eye(3)


def _fold(grey: paper.Grey, rng: np.random.Generator) -> paper.Grey:
    """Fold the paper once: one side darker, the crease lighter or darker."""
    folded = grey.astype(np.float32)
    axis = int(rng.integers(2))
    place = int(grey.shape[axis] * rng.uniform(0.25, 0.75))
    halves = folded if axis == 0 else folded.T
    halves[place:] *= rng.uniform(0.8, 1.0)
    halves[place : place + int(rng.integers(1, 4))] *= rng.uniform(0.6, 1.15)
    return np.clip(folded, 0, 255).astype(np.uint8)


def _fax(grey: paper.Grey, rng: np.random.Generator) -> paper.Grey:
    """Send the page by fax: fewer rows, black and white alone, specks, and rows that are lost."""
    height, width = grey.shape
    few = cv2.resize(grey, (width, max(1, round(height * rng.uniform(0.6, 0.9)))), interpolation=cv2.INTER_AREA)
    light = cv2.blur(few, (51, 51)).astype(np.float32)
    white = np.where(few > light * rng.uniform(0.8, 0.92), 255, 0).astype(np.uint8)
    specks = rng.random(white.shape, np.float32) < rng.uniform(0, 0.003)
    white[specks] = 255 - white[specks]
    white[rng.random(len(white)) < rng.uniform(0, 0.004)] = 255
    return np.asarray(cv2.resize(white, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def write(
    out: Path,
    files: Sequence[Path],
    count: int,
    *,
    seed: int,
    styles: Sequence[str] = (),
    texts: Path | None = None,
    characters: str = "",
    writing: Path | None = None,
    backgrounds: Path | None = None,
    name: str = "pages",
    workers: int = 1,
    say: Callable[[str], None] = print,
) -> int:
    """Draw `count` pages to TFRecords in `out`; a second call goes on where a first was stopped.

    Args:
        out: folder.
        files: the fonts, of print and of handwriting.
        count: of pages.
        seed: the same gives the same bytes.
        styles: names in `LAYOUTS`, about as many pages of each; () for all.
        texts: as `vietnamese.write` takes them.
        characters: likewise.
        writing: folder of pictures of written lines or digits, of a format that `READERS` names.
        backgrounds: folder of pictures of paper.
        name: of the set; `train`, `eval` and `test` are splits to whoever reads it.
        workers: processes.
        say: takes a line of progress, and of what a font lacks.

    Returns:
        How many pages were written now.

    Raises:
        ValueError: no such layout, no font that can be used, or `out` holds another set of that name.
    """
    for style in styles:
        if style not in LAYOUTS:
            raise ValueError(f"no layout {style!r}; known: {', '.join(LAYOUTS)}")
    own = own_texts.load_texts(texts, characters) if vietnamese.is_own(texts, characters) else None
    usable, inked = vietnamese.choose_inked(files, own, say)
    drawing = Drawing(
        files=usable, inked=inked, texts=own or texts, seed=seed, styles=tuple(styles), writing=writing,
        backgrounds=backgrounds,
    )  # fmt: skip
    settings = {
        "fonts": fonts.hash_fonts(usable),
        "count": count,
        "seed": seed,
        "styles": list(styles),
        "texts": texts.name if texts else "",
        "characters": characters,
        "writing": writing.name if writing else "",
        "backgrounds": backgrounds.name if backgrounds else "",
    }
    return shards.write(out, name, settings, count, drawing, workers, say, A_SHARD)
