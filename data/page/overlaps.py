"""How shapes found on a page lie over those of its truth."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence

import cv2
import numpy as np

LEAST = 0.5  # intersection over union of a hit

Counts = tuple[int, int, int, float]  # hits, shapes of the reference, shapes found, sum of overlaps


@functools.lru_cache(maxsize=4096)
def count_hits(reference: str, answer: str) -> dict[str, Counts]:
    """Count, for each kind of shape on a page, hits, shapes of the reference, shapes found, and add up overlaps.

    Args:
        reference: JSON, `{"size": [width, height], "shapes": [[kind, x1, y1, ..., x4, y4], ...]}`.
        answer: likewise.
    """
    wanted, given = (json.loads(each)["shapes"] for each in (reference, answer))
    counts = {}
    for kind in sorted({shape[0] for shape in (*wanted, *given)}):
        ours, theirs = ([shape[1:] for shape in each if shape[0] == kind] for each in (wanted, given))
        overlaps = match(ours, theirs)
        counts[kind] = (sum(each >= LEAST for each in overlaps), len(ours), len(theirs), float(sum(overlaps)))
    return counts


def match(wanted: Sequence[Sequence[float]], given: Sequence[Sequence[float]]) -> list[float]:
    """Return the intersections over union of shapes of four corners, one to one, the best first.

    >>> match([[0, 0, 4, 0, 4, 2, 0, 2]], [[0, 0, 2, 0, 2, 2, 0, 2], [9, 9, 10, 9, 10, 10, 9, 10]])
    [0.5]
    """
    if not (wanted and given):
        return []
    ours, theirs = (np.array(each, np.float32).reshape(-1, 4, 2) for each in (wanted, given))
    low, high = ours.min(1)[:, None], ours.max(1)[:, None]
    touching = ((theirs.min(1) < high) & (theirs.max(1) > low)).all(-1)
    overlaps = sorted(
        ((_overlap(ours[row], theirs[column]), int(row), int(column)) for row, column in np.argwhere(touching)),
        reverse=True,
    )
    rows, columns, found = set(), set(), []
    for overlap, row, column in overlaps:
        if overlap > 0 and row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            found.append(overlap)
    return found


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    shared, _ = cv2.intersectConvexConvex(one, other)
    whole = cv2.contourArea(one) + cv2.contourArea(other) - shared
    return float(shared / whole) if whole > 0 else 0.0
