"""What speaks against a line that was read: two lines in one picture, one upside down, one far too wide."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfx_ocr.data import images
from tfx_ocr.data.pixels.line import WIDEST

SURE = 0.8  # confidence from which on the picture is not looked at
BETTER = 0.1  # confidence that a line must gain when it is turned round
INK = 0.5  # share of the strongest ink from which on a pixel counts
FAINT = 24  # grey levels: a picture with less contrast holds no writing
SPARSE = 0.05  # share of the fullest row's ink below which a row is between lines
TALL, LONG = 0.2, 0.3  # share of the picture's height and of its ink's width that each of two lines has


def find_doubt(content: bytes, confidence: float, read: Callable[[bytes], float]) -> str:
    """Return what speaks against the text that was read in a picture of a line, as a clause; "" where nothing does.

    Args:
        content: the picture, encoded.
        confidence: of the text that was read, 0 to 1.
        read: a picture, encoded, to the confidence of the text in it; asked at most once.
    """
    if not 0 < confidence < SURE:  # 0: nothing was read
        return ""
    grey = np.asarray(images.flatten(images.open_picture(content)).convert("L"))
    height, width = grey.shape
    if width > WIDEST * height:
        return f"it is {width / height:.0f} times as wide as high, and read as {WIDEST:.0f} times: cut it into lines"
    if (count := count_lines(grey)) > 1:
        return f"it looks like {count} lines: cut them apart, or read it as a page (tfx-ocr read)"
    turned = np.ascontiguousarray(grey[::-1, ::-1])
    if read(images.encode_png(turned.tobytes(), height, width)) > confidence + BETTER:
        return "it is read with more confidence upside down: turn it round"
    return ""


def count_lines(grey: np.ndarray) -> int:
    """Count the lines of writing in [height, width] uint8 that rows without ink part: two that touch count as one."""
    apart = np.abs(grey.astype(np.float32) - np.median(grey))
    if (strongest := np.quantile(apart, 0.995)) < FAINT:
        return 0
    ink = apart > INK * strongest
    of_rows = ink.sum(1)
    is_line = np.pad((of_rows >= max(2.0, SPARSE * of_rows.max())).astype(np.int8), 1)
    edges = np.flatnonzero(np.diff(is_line))
    least = LONG * _measure_extent(ink)
    bands = zip(edges[::2], edges[1::2], strict=True)
    return sum(end - begin >= TALL * len(grey) and _measure_extent(ink[begin:end]) >= least for begin, end in bands)


def _measure_extent(ink: np.ndarray) -> int:
    """Measure from the first column with ink to the last, in pixels."""
    columns = np.flatnonzero(ink.any(0))
    return int(columns[-1] - columns[0]) + 1 if len(columns) else 0
