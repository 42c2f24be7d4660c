"""The order in which a page is read: columns from the left, rows from the top, words from the left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfx_ocr.data.page.page import Box, Line, Region, join_boxes

COLUMN_GAP = 2.0  # heights of a line between two columns
ROWS = 3  # that a column has at least: two fields side by side are one row


def arrange(lines: Sequence[Line]) -> tuple[Region, ...]:
    """Return lines that have boxes as regions in reading order, a region per column.

    Pieces of one row of a column become one line, their words from left to right.
    """
    placed = [(line.box, line) for line in lines if line.box]
    if not placed:
        return ()
    height = float(np.median([box.bottom - box.top for box, _ in placed]))
    return tuple(_build_region(column) for column in _cut_columns(placed, height))


Placed = list[tuple[Box, Line]]


def _cut_columns(placed: Placed, height: float) -> list[Placed]:
    """Cut at the widest gap that runs from top to bottom, while there are rows enough on both sides."""
    order = sorted(placed, key=lambda pair: pair[0].left)
    ends = np.maximum.accumulate([box.right for box, _ in order])
    gaps = np.array([box.left for box, _ in order[1:]]) - ends[:-1]
    for place in np.argsort(-gaps, kind="stable").tolist():
        if gaps[place] < COLUMN_GAP * height:
            break
        left, right = order[: place + 1], order[place + 1 :]
        if min(len(list_rows(left)), len(list_rows(right))) >= ROWS and _is_dense(left) and _is_dense(right):
            return [*_cut_columns(left, height), *_cut_columns(right, height)]
    return [placed]


def _is_dense(placed: Placed) -> bool:
    """Whether most rows hold a single piece: columns of running text, not a table of fields."""
    return len(list_rows(placed)) > 0.7 * len(placed)


def list_rows(placed: Placed) -> list[Placed]:
    """Return the rows from the top, each from the left: a row takes what has its middle within its first piece."""
    rows: list[Placed] = []
    for box, line in sorted(placed, key=lambda pair: pair[0].centre[1]):
        middle = box.centre[1]
        if rows and rows[-1][0][0].top <= middle <= rows[-1][0][0].bottom:
            rows[-1].append((box, line))
        else:
            rows.append([(box, line)])
    return [sorted(row, key=lambda pair: pair[0].left) for row in rows]


def _build_region(placed: Placed) -> Region:
    lines = tuple(_join([line for _, line in row]) for row in list_rows(placed))
    return Region(box=join_boxes(line.box for line in lines), lines=lines)


def _join(lines: Sequence[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]
    confidences = [line.confidence for line in lines if line.confidence is not None]
    return Line(
        text=" ".join(line.text for line in lines),
        box=join_boxes(line.box for line in lines),
        words=tuple(word for line in lines for word in line.words),
        confidence=min(confidences, default=None),
    )
