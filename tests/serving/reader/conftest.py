"""Pages that tests draw, and the reader that they share."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

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
def reader() -> Reader:
    return Reader()
