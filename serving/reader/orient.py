"""How a page without a mark lies: on its side, by how its ink stands together; upside down, by how it reads turned."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from tfx_ocr.data.page.page import Line
from tfx_ocr.serving.reader import glyphs
from tfx_ocr.serving.reader.ink import Mask
from tfx_ocr.serving.reader.sheet import Sheet

FEWEST = 8  # pieces of ink, or characters: with less a page stays as it lies
LONGEST = 3.0  # times the usual piece: what is longer is a rule or a frame
LOOKED_AT = 150  # pieces of ink whose neighbour is looked for
NEIGHBOURS = 3  # times the share of neighbours beside rather than above counts, against the logarithm of the shape
FLATTEST = 0.5  # of that logarithm at most: joined handwriting is wide
SURE = 0.15  # of both together, by which a page must lie on its side
CLEAR = 0.85  # of the page's ink that is read, from which on it is not upside down
LITTLE = 0.2  # of the page's ink that is read, up to which all of it is read upside down too
SAMPLE = 24  # characters that are read upside down
CERTAINTY = 4  # power of a line's confidence, with which the sample is chosen: print may read as digits, though badly
CLOSE = 0.02  # by how much less of the sample's ink may be read upside down, to try the whole page
BETTER = 1.1  # times the ink that must be read of a page upside down

Recognize = Callable[[Sheet], list[Line]]


def is_sideways(mask: Mask) -> bool:
    """Return whether a page's lines run from top to bottom: pieces of ink have their neighbour beside them on a line.

    Where neighbours are on all sides, as of digits scattered over a page, their shape counts: digits and letters are
    higher than wide.

    Args:
        mask: [height, width] uint8, 1 where there is ink, skewed or not.
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    stats = stats[1:][stats[1:, 2:4].max(1) >= glyphs.find_smallest(mask.shape)]
    sides = stats[:, 2:4].max(1)
    stats = stats[sides <= LONGEST * np.median(sides)] if len(sides) else stats
    if len(stats) < FEWEST:
        return False
    left, top, width, height = stats[:, :4].T.astype(float)
    right, bottom = left + width, top + height
    beside = above = 0
    for number in range(0, len(stats), max(1, len(stats) // LOOKED_AT)):
        across = np.maximum(left - right[number], left[number] - right)
        down = np.maximum(top - bottom[number], top[number] - bottom)
        distance = np.where((across < 0) != (down < 0), np.maximum(across, down), np.inf)
        near = int(np.argmin(distance))
        if math.isfinite(distance[near]):
            beside += down[near] < 0
            above += across[near] < 0
    share = beside / (beside + above) if beside + above else 0.5
    shape = float(np.clip(np.log2(np.median(height / width)), -FLATTEST, FLATTEST))
    return NEIGHBOURS * (share - 0.5) + shape < -SURE


def turn_over(sheet: Sheet, lines: list[Line], recognize: Recognize) -> tuple[Sheet, list[Line]]:
    """Return a sheet and its lines upside down, where they are read better like that; else as they come.

    A page of which nearly all ink is read is not turned; one of which little is read is read upside down as well. In
    between, a few lines are read upside down, and the rest follows where these do not read clearly worse.

    Args:
        sheet: with its lines along.
        lines: what `recognize` reads on it.
        recognize: finds and reads the lines of a sheet.

    Raises:
        RequestError: the model fails.
    """
    read, ink = _measure_read(sheet, lines), float(sheet.mask.sum())
    if read > CLEAR * ink or (read > LITTLE * ink and not _is_sample_better(sheet, lines, recognize)):
        return sheet, lines
    turned = sheet.turn_over()
    others = recognize(turned)
    is_better = _measure_read(turned, others) > BETTER * read and _count(others) >= FEWEST
    return (turned, others) if is_better else (sheet, lines)


def _is_sample_better(sheet: Sheet, lines: list[Line], recognize: Recognize) -> bool:
    """Whether a few of the lines read as well upside down."""
    chosen: list[Line] = []
    for line in sorted(lines, key=lambda line: -len(line.text) * (line.confidence or 0.0) ** CERTAINTY):
        if _count(chosen) < SAMPLE:
            chosen.append(line)
    sample = sheet.keep([line.box for line in chosen if line.box]).turn_over()
    close = CLOSE * float(sample.mask.sum())
    return _measure_read(sample, recognize(sample)) >= _measure_read(sheet, chosen) - close


def _count(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _measure_read(sheet: Sheet, lines: Sequence[Line]) -> float:
    """Pixels of ink in what was read, each times its confidence."""
    parts = [part for line in lines for word in line.words for part in (word.glyphs or (word,))]
    return sum(
        (part.confidence or 0.0) * int(sheet.mask[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].sum())
        for part in parts
        if (box := part.box)
    )
