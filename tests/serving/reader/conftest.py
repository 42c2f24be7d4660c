"""Pages that tests draw, and the reader that they share."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.data.page.page import Box
from tfx_ocr.serving.reader.reader import Reader

PAPER = 245


def write(page: np.ndarray, text: str, x: int, y: int, pitch: int = 62) -> list[Box]:
    """Write digits of even strokes, dark on light, the first at `x`, feet at `y`; return their boxes."""
    boxes = []
    for place, sign in enumerate(text):
        drawn = np.zeros((100, 80), np.uint8)
        cv2.putText(drawn, sign, (10, 80), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (255,), 7, cv2.LINE_AA)
        left, top, width, height = cv2.boundingRect((drawn > 100).astype(np.uint8))
        begin, upper = x + place * pitch, y - height
        part = page[upper:y, begin : begin + width]
        np.minimum(part, PAPER - (drawn[top : top + height, left : left + width] * 0.8).astype(np.uint8), out=part)
        boxes.append(Box(begin, upper, begin + width, y))
    return boxes


def draw_page(*rows: str) -> np.ndarray:
    """Return a page of 900 x 1200 pixels, a row of digits every 200 pixels."""
    page = np.full((1200, 900), PAPER, np.uint8)
    for number, text in enumerate(rows):
        write(page, text, 150, 300 + 200 * number)
    return page


@pytest.fixture(scope="session", name="write")
def _write() -> Callable[..., list[Box]]:
    return write


@pytest.fixture(scope="session", name="draw_page")
def _draw_page() -> Callable[..., np.ndarray]:
    return draw_page


@pytest.fixture(scope="session")
def page() -> np.ndarray:
    return draw_page("2075", "53", "4234")


@pytest.fixture(scope="session")
def receipt() -> np.ndarray:
    """Return a picture of a receipt in print: its supplier, date and total."""
    picture = Image.new("L", (900, 900), PAPER)
    canvas, font = ImageDraw.Draw(picture), ImageFont.load_default(34)
    rows = ("GREEN LEAF TRADING SDN BHD", "NO 5 JALAN ANGSA", "41150 KLANG SELANGOR", "TAX INVOICE",
            "Date: 12/03/2018", "Bread  2.50", "Milk  6.50", "TOTAL RM 9.00", "CASH 10.00", "CHANGE 1.00")  # fmt: skip
    for number, text in enumerate(rows):
        canvas.text((100, 60 + 80 * number), text, fill=30, font=font)
    return np.asarray(picture)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()
