"""Words and glyphs of a line that was read as a whole: where the model saw each character, cut at the ink."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from tfx_ocr.data.page.page import Box, Glyph, Word, join_boxes
from tfx_ocr.serving.reader.ink import Mask

LEAST_INK = 0.03  # of a line's height that a column must have to be its begin or end: specks have less


def locate_words(glyphs: Sequence[Glyph], places: np.ndarray, box: Box, mask: Mask) -> tuple[Word, ...]:
    """Return a line's words, parted by its glyphs of white space, each glyph with the box of its ink.

    Neighbours are parted in the column with the least ink between their middles. The model says where these are along
    its strip, at whose left the line's ink begins (`data.pixels.line.fit`); how wide the strip is in pixels follows
    from the last glyph, which ends where the ink does.

    Args:
        glyphs: of the whole line, with confidences, without boxes.
        places: [glyphs, 2], where each begins and ends along the model's strip, from 0 to 1.
        box: of the line, in pixels of the sheet.
        mask: [height, width] uint8, 1 where the sheet has ink.

    Returns:
        Words with the geometric mean of their glyphs' confidences; () where all is white space.
    """
    written = [number for number, glyph in enumerate(glyphs) if not glyph.text.isspace()]
    if not written:
        return ()
    left, top, right, bottom = (int(side) for side in box)
    ink = mask[top:bottom, left:right] > 0
    middles = _find_middles(places.mean(1)[: written[-1] + 1], ink)
    inked = ink.sum(0)
    edges = [0]
    for one, two in itertools.pairwise(written):
        # a space between them has a place of its own
        target = middles[one + 1 : two].mean() if two > one + 1 else (middles[one] + middles[two]) / 2
        columns = np.arange(max(edges[-1] + 1, int(middles[one])), max(edges[-1] + 2, int(middles[two]) + 1))
        columns = columns[columns < ink.shape[1]] if columns[0] < ink.shape[1] else np.array([ink.shape[1] - 1])
        edges.append(int(columns[np.argmin(inked[columns] + np.abs(columns - target) / ink.shape[1])]))
    edges.append(ink.shape[1])
    placed = {
        number: Glyph(text=glyphs[number].text, confidence=glyphs[number].confidence, box=_enclose(ink, *ends, box))
        for number, ends in zip(written, itertools.pairwise(edges), strict=True)
    }
    runs = itertools.groupby(enumerate(glyphs), key=lambda pair: pair[0] in placed)
    return tuple(_build_word([placed[number] for number, _ in run]) for is_word, run in runs if is_word)


def _find_middles(middles: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Return middles along the strip as columns of the line's ink [height, width] bool."""
    columns = np.flatnonzero(ink.sum(0) >= max(1.0, LEAST_INK * ink.shape[0]))
    begin, end = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, ink.shape[1])
    half = (middles[-1] - middles[0]) / (len(middles) - 1) / 2 if len(middles) > 1 else middles[0]
    found: np.ndarray = begin + middles * (end - begin) / (middles[-1] + half)
    return found


def _enclose(ink: np.ndarray, begin: int, end: int, box: Box) -> Box:
    """Return the box of the ink in columns of a line; without ink, that of the columns."""
    part = ink[:, begin:end]
    rows, columns = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
    if not len(rows):
        return Box(box.left + begin, box.top, box.left + end, box.bottom)
    left, top = box.left + begin, box.top
    return Box(left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1)


def _build_word(glyphs: Sequence[Glyph]) -> Word:
    logs = [math.log(max(glyph.confidence or 0.0, 1e-6)) for glyph in glyphs]
    return Word(
        text="".join(glyph.text for glyph in glyphs),
        box=join_boxes(glyph.box for glyph in glyphs),
        confidence=round(math.exp(sum(logs) / len(logs)), 4),
        glyphs=tuple(glyphs),
    )
