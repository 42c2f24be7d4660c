"""A4 pages of handwritten digits, drawn from pictures of single ones: what a reader of pages is tuned and judged on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.data.page.page import Box
from tfx_ocr.data.synthetic.paper import Grey, Ink, Look, photograph

WIDTH, HEIGHT = 2480, 3508  # A4 at 300 dots per inch
MARGIN = 230  # pixels of paper that stay empty, so that a turned page loses nothing
LAYOUTS = ("rows", "fields", "free", "ruled", "dotted", "boxes")
CLOSE = 0.1  # share of the strings written so close that digits touch
EDGE = 0.3  # share of a digit's strongest ink from which on a pixel belongs to its box
LOOK = Look(paper=(215, 250), contrast=(0.6, 0.95), shading=(0, 60), grain=(0, 5), blur=(0, 1.2))
WORDS = """
    Name Address Date Amount Total Signature Invoice Order Customer Please write clearly in capital letters Account
    holder Telephone Postcode Office use only Quantity Price Description Reference Received with thanks from the
    undersigned Payable within fourteen days Balance carried forward Form of application Department
"""


@dataclasses.dataclass(frozen=True)
class Digit:
    """One digit on a page: its label, and the box of its ink in pixels."""

    label: str
    box: Box


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitPage:
    """A page with its truth.

    Attributes:
        pixels: [height, width] uint8.
        digits: in the order they were written.
        layout: one of `LAYOUTS`.
        printed: whether print stands around them.
        light: whether the ink is lighter than the paper.
        skew_deg: how far the page is turned, clockwise.
    """

    pixels: Grey
    digits: tuple[Digit, ...]
    layout: str
    printed: bool
    light: bool
    skew_deg: float


def draw_pages(
    pictures: np.ndarray, labels: Sequence[str], fonts: Sequence[Path], count: int, seed: int
) -> Iterator[DigitPage]:
    """Draw pages: layouts in turn, every third with print, every fourth with light ink, each turned by up to 5 degrees.

    Args:
        pictures: [n, h, w] uint8, one digit each, ink light on black.
        labels: theirs.
        fonts: files of the fonts that the print is set in.
        count: of pages.
        seed: equal seeds give equal pages; page number k does not depend on `count`.
    """
    for number in range(count):
        turn, place = divmod(number, len(LAYOUTS))
        yield draw_page(
            pictures, labels, fonts, np.random.default_rng((seed, number)), layout=LAYOUTS[place],
            printed=(turn + place) % 3 == 0, light=(turn + place) % 4 == 3,
        )  # fmt: skip


def draw_page(
    pictures: np.ndarray,
    labels: Sequence[str],
    fonts: Sequence[Path],
    rng: np.random.Generator,
    *,
    layout: str,
    printed: bool = False,
    light: bool = False,
    most: int = 200,
) -> DigitPage:
    """Draw one page of 20 to `most` digits, 4 to 8 mm high: see `draw_pages`.

    Raises:
        ValueError: unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"unknown layout {layout!r}; known: {', '.join(LAYOUTS)}")
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    wanted = int(rng.integers(20, most + 1))
    size = float(rng.uniform(46, 92))  # height of a digit in pixels
    places = list(_place(layout, ink, rng, size, wanted))
    angle = float(rng.uniform(-5, 5))
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -angle, 1.0)
    digits = []
    for x, y in places[:wanted]:
        chosen = int(rng.integers(len(pictures)))
        digit = resize_digit(pictures[chosen], size * rng.uniform(0.88, 1.12))
        height, width = digit.shape
        left, top = round(x - width / 2), round(y - height / 2)
        part = ink[top : top + height, left : left + width]
        np.maximum(part, digit, out=part)
        rows, columns = np.nonzero(digit >= EDGE * digit.max())
        corners = np.stack([columns + left, rows + top, np.ones(len(rows))])
        xs, ys = turn @ corners
        box = Box(float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))
        digits.append(Digit(str(labels[chosen]), box))
    if printed:
        _print(ink, places, fonts, rng, size)
    ink = np.asarray(cv2.warpAffine(ink, turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR), np.float32)
    pixels = photograph(ink, rng, LOOK)
    return DigitPage(
        pixels=np.bitwise_not(pixels) if light else pixels, digits=tuple(digits), layout=layout, printed=printed,
        light=light, skew_deg=angle,
    )  # fmt: skip


def _place(layout: str, ink: Ink, rng: np.random.Generator, size: float, wanted: int) -> Iterator[tuple[float, float]]:
    """Yield the digits' middles, x and y, and draw what is written on or in."""
    if layout == "free":
        yield from _scatter(rng, size, wanted)
        return
    pitch = size * rng.uniform(1.7, 2.4)
    rows = np.arange(MARGIN + size, HEIGHT - MARGIN - size, pitch)
    each = max(3, -(-wanted // len(rows)))
    if layout == "rows":  # the rows that are needed, from the top; otherwise forms are spread over the page
        each = int(min(max(each, 12), (WIDTH - 2 * MARGIN) / (1.3 * size)))
    thick, strength = float(rng.integers(2, 6)), rng.uniform(0.35, 0.9)
    for y in rows[: -(-wanted // each)]:
        if layout == "ruled":
            draw_rule(ink, MARGIN / 2, WIDTH - MARGIN / 2, y + size * rng.uniform(0.5, 0.62), thick, strength)
        if layout == "dotted":
            draw_dots(ink, MARGIN / 2, WIDTH - MARGIN / 2, y + size * 0.62, thick, strength)
        left = MARGIN + size
        remaining = each
        while remaining > 0:
            count = int(min(remaining, rng.integers(1, 9)))
            remaining -= count
            step = size * (1.25 if layout == "boxes" else 0.95) * rng.uniform(1.0, 1.3)
            if layout != "boxes" and rng.random() < CLOSE:
                step = size * rng.uniform(0.72, 0.9)
            if left + count * step > WIDTH - MARGIN - size:
                break
            if layout == "boxes":
                draw_cells(ink, left - step / 2, y - size * 0.75, step, size * 1.5, count, thick, strength, rng)
            if layout == "fields":
                draw_rule(ink, left - step, left + count * step, y + size * 0.7, thick, strength)
            for place in range(count):
                jitter = rng.normal(0, 0.05 * size, 2)
                yield left + place * step + jitter[0], y + jitter[1]
            left += count * step + size * rng.uniform(0.8, 2.5)


def _scatter(rng: np.random.Generator, size: float, wanted: int) -> Iterator[tuple[float, float]]:
    found = np.empty((0, 2))
    for place in rng.uniform(MARGIN + size, (WIDTH - MARGIN - size, HEIGHT - MARGIN - size), (40 * wanted, 2)):
        if len(found) < wanted and (np.abs(found - place).max(1) > 1.25 * size).all():
            found = np.vstack([found, place])
            yield float(place[0]), float(place[1])


def draw_rule(ink: Ink, left: float, right: float, y: float, thick: float, strength: float) -> None:
    """Draw a level rule: pixels from `left` to `right`, `thick` down from `y`."""
    part = ink[round(y) : round(y + thick), round(left) : round(right)]
    np.maximum(part, np.float32(strength), out=part)


def draw_dots(ink: Ink, left: float, right: float, y: float, thick: float, strength: float) -> None:
    """Draw a dotted rule."""
    for x in np.arange(left, right, 4 * thick):
        draw_rule(ink, x, x + 1.5 * thick, y, 1.5 * thick, strength)


def draw_cells(
    ink: Ink, left: float, top: float, width: float, height: float, count: int, thick: float, strength: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Draw a comb of cells, or cells that stand alone."""
    gap = width * 0.06 if rng.random() < 0.5 else 0.0
    for place in range(count):
        begin = left + place * width + gap
        end = left + (place + 1) * width - gap
        draw_rule(ink, begin, end, top, thick, strength)
        draw_rule(ink, begin, end, top + height - thick, thick, strength)
        for x in (begin, end - thick):
            part = ink[round(top) : round(top + height), round(x) : round(x + thick)]
            np.maximum(part, np.float32(strength), out=part)


def _print(
    ink: Ink, places: Sequence[tuple[float, float]], fonts: Sequence[Path], rng: np.random.Generator, size: float
) -> None:
    """Set words of print where neither digits nor their rules are."""
    taken = cv2.dilate((ink > 0).astype(np.uint8), np.ones((31, 61), np.uint8)) > 0
    for _ in range(int(rng.integers(25, 60))):
        font = ImageFont.truetype(str(fonts[int(rng.integers(len(fonts)))]), int(rng.integers(28, 64)))
        text = " ".join(rng.choice(WORDS.split(), int(rng.integers(1, 6))))
        left, top, right, bottom = (int(side) for side in font.getbbox(text))
        picture = Image.new("L", (right - left + 8, bottom - top + 8))
        ImageDraw.Draw(picture).text((4 - left, 4 - top), text, font=font, fill=255)
        drawn = np.asarray(picture, np.float32) / 255.0
        height, width = drawn.shape
        if width > WIDTH - 2 * MARGIN:
            continue
        for _ in range(20):
            x, y = (
                int(rng.integers(MARGIN, WIDTH - MARGIN - width + 1)),
                int(rng.integers(MARGIN, HEIGHT - MARGIN - height)),
            )
            if not taken[y : y + height, x : x + width].any():
                ink[y : y + height, x : x + width] = np.maximum(ink[y : y + height, x : x + width], drawn)
                taken[max(0, y - 12) : y + height + 12, max(0, x - 24) : x + width + 24] = True
                break


def resize_digit(picture: np.ndarray, height: float) -> Ink:
    """Return the ink of a digit's picture, cut out; `height` is that of MNIST's 20 rows: small digits stay small."""
    rows, columns = np.nonzero(picture > EDGE * picture.max())
    cut = picture[max(0, rows.min() - 1) : rows.max() + 2, max(0, columns.min() - 1) : columns.max() + 2]
    scale = height / 20.0
    size = max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale))
    grown = cv2.resize(cut.astype(np.float32) / 255.0, size, interpolation=cv2.INTER_CUBIC)
    return np.clip(grown, 0.0, 1.0).astype(np.float32)
