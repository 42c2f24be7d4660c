"""The order in which a page is read: columns from the left, rows from the top, words from the left."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from tfx_ocr.data.page.page import Box, Line, Region, join_boxes

COLUMN_GAP = 2.0  # heights of a line between two columns
NARROW_GAP, MANY_ROWS = 1.0, 6  # the same of columns of text with so many rows: words do not leave a gap in all of them
ROWS = 3  # that a column has at least: two fields side by side are one row
CELLS = 3  # of each row of a table that stands above or below columns of text
LINE = 6.0  # heights that half the lines of a column of text are long at least: amounts of a list are shorter
SIDE_BY_SIDE = 0.65  # of the rows of both sides, so many rows together are a list: 0.5 where none stands alone

Placed = list[tuple[Box, Line]]


def arrange(lines: Sequence[Line]) -> tuple[Region, ...]:
    """Return lines that have boxes as regions in reading order, a region per column and per block between columns.

    Pieces of one row of a column become one line, their words from left to right.
    """
    placed = [(line.box, line) for line in lines if line.box]
    if not placed:
        return ()
    height = float(np.median([box.bottom - box.top for box, _ in placed]))
    return tuple(_build_region(block) for block in _cut(placed, height))


def _cut(placed: Placed, height: float) -> list[Placed]:
    """Cut into columns, or into what stands above columns, these, and what stands below; else leave it whole."""
    rows = list_rows(placed)
    first, last = _find_table(rows, height)
    if first < last:
        above, below = (_cut(_join_rows(part), height) if part else [] for part in (rows[:first], rows[last:]))
        if any(_are_columns(one, two, height) for part in (above, below) for one, two in itertools.pairwise(part)):
            return [*above, _join_rows(rows[first:last]), *below]
    if columns := _cut_columns(placed, height):
        return [block for column in columns for block in _cut(column, height)]
    for first, last in _list_bands(rows, NARROW_GAP * height):
        columns = _cut_columns(_join_rows(rows[first:last]), height)
        if columns and all(_is_text(column, height) for column in columns):
            parts = [_join_rows(rows[:first]), *columns, _join_rows(rows[last:])]
            return [block for part in parts if part for block in _cut(part, height)]
    return [placed]


def _cut_columns(placed: Placed, height: float) -> list[Placed]:
    """Cut in two at the widest gap that runs from top to bottom, where there are rows enough on both sides.

    Short lines that stand side by side are a list, such as of goods and amounts, and stay together: then [] as well.
    """
    order = sorted(placed, key=lambda pair: pair[0].left)
    ends = np.maximum.accumulate([box.right for box, _ in order])
    gaps = np.array([box.left for box, _ in order[1:]]) - ends[:-1]
    for place in np.argsort(-gaps, kind="stable").tolist():
        if gaps[place] < NARROW_GAP * height:
            break
        sides = [order[: place + 1], order[place + 1 :]]
        rows = [len(list_rows(side)) for side in sides]
        is_list = len(list_rows(placed)) < SIDE_BY_SIDE * sum(rows) and not all(_is_text(e, height) for e in sides)
        least = ROWS if gaps[place] >= COLUMN_GAP * height else MANY_ROWS
        is_text = least == ROWS or all(_is_text(side, height) for side in sides)
        if min(rows) >= least and all(map(_is_dense, sides)) and is_text and not is_list:
            return sides
    return []


def _are_columns(one: Placed, two: Placed, height: float) -> bool:
    """Whether two blocks are text side by side."""
    begins = [min(box.top for box, _ in block) for block in (one, two)]
    ends = [max(box.bottom for box, _ in block) for block in (one, two)]
    return max(begins) < min(ends) and _is_text(one, height) and _is_text(two, height)


def _find_table(rows: Sequence[Placed], height: float) -> tuple[int, int]:
    """Find the longest run of rows that hold `CELLS` short pieces or more, and no long one: first, and last (excluded).

    The gap between two columns of text may go on between the cells of a table.
    """
    is_table = [len(row) >= CELLS and not any(_is_text([piece], height) for piece in row) for row in rows]
    runs: list[tuple[int, int]] = []
    for holds, run in itertools.groupby(range(len(rows)), key=is_table.__getitem__):
        places = list(run)
        if holds and len(places) >= ROWS:
            runs.append((places[0], places[-1] + 1))
    return max(runs, key=lambda run: run[1] - run[0], default=(0, 0))


def _list_bands(rows: Sequence[Placed], gap: float) -> list[tuple[int, int]]:
    """Return the longest runs of rows that leave a gap free between what is left and right of it.

    Args:
        rows: from the top.
        gap: its least width.

    Returns:
        Of each run its first row and its last (excluded); the longest run first.
    """
    free = [_list_gaps(row, gap) for row in rows]
    bands: dict[int, int] = {}  # end to begin: a later begin would be part of the same run
    for first in range(len(rows)):
        shared, left, right, end = [(-math.inf, math.inf)], math.inf, -math.inf, 0
        for last in range(first, len(rows)):
            pairs = itertools.product(shared, free[last])
            both = [(max(one[0], two[0]), min(one[1], two[1])) for one, two in pairs]
            shared = [(begin, stop) for begin, stop in both if stop - begin >= gap]
            left = min(left, rows[last][0][0].left)
            right = max(right, *(box.right for box, _ in rows[last]))
            if any(left < begin and stop < right for begin, stop in shared):
                end = last + 1
            elif end:
                break
        if end and end not in bands:
            bands[end] = first
    return sorted(((first, end) for end, first in bands.items()), key=lambda band: band[0] - band[1])


def _list_gaps(row: Placed, gap: float) -> list[tuple[float, float]]:
    """The places without ink in a row, at least so wide; those at its ends go on for ever."""
    ends = np.maximum.accumulate([-math.inf, *(box.right for box, _ in row)]).tolist()
    begins = [*(box.left for box, _ in row), math.inf]
    return [(end, begin) for end, begin in zip(ends, begins, strict=True) if begin - end >= gap]


def _join_rows(rows: Sequence[Placed]) -> Placed:
    return [piece for row in rows for piece in row]


def _is_text(placed: Placed, height: float) -> bool:
    """Whether half of the lines are long."""
    return float(np.median([box.right - box.left for box, _ in placed])) >= LINE * height


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
