"""Syllables that a writer never wrote, put together from those he did: the upper part of one, the final of another."""

from __future__ import annotations

import numpy as np

from tfx_ocr.data.alphabets import hangul
from tfx_ocr.data.synthetic.paper import Ink

BESIDE, BELOW = "ㅏㅐㅑㅒㅓㅔㅕㅖㅣ", "ㅗㅛㅜㅠㅡ"  # medials by where they stand; the others stand in both places
SLOPES = np.linspace(-0.3, 0.3, 13)  # of the line that is tried between both parts
MIDDLE = (0.4, 0.8)  # of the height of a syllable: where its final may begin
LOWEST = 0.12  # of the height: what is lower than this below the line is a rule of the paper
LEAST = 0.01  # of the height: a narrower gap parts nothing


def get_layout(syllable: str) -> str:
    """Return where a syllable's parts stand: `beside`, `below` or `around`, with a `+` where it has a final."""
    _, medial, final = hangul.split(syllable)
    jamo = hangul.MEDIALS[medial]
    place = "beside" if jamo in BESIDE else "below" if jamo in BELOW else "around"
    return place + ("+" if final else "")


def recombine(first: str, second: str) -> str:
    """Return the syllable of the first's initial and medial and the second's final.

    >>> recombine("한", "각")
    '학'
    """
    initial, medial, _ = hangul.split(first)
    return hangul.join(initial, medial, hangul.split(second)[2])


def find_final(ink: Ink) -> np.ndarray | None:
    """Find the final of a written syllable: below the straight line through no ink that has the widest gap.

    Args:
        ink: cut to the syllable, which has a final.

    Returns:
        [height, width] bool, what lies below the line; None where every line crosses ink.
    """
    height, width = ink.shape
    rows, columns = np.nonzero(ink > 0.25)
    if not len(rows):
        return None
    down, right = np.mgrid[:height, :width]
    best, chosen = max(LEAST * height, 1.0), None
    for slope in SLOPES:
        levels = np.sort(rows - slope * (columns - width / 2))
        gaps = np.diff(levels)
        edges = (levels[:-1] + levels[1:]) / 2
        gaps = np.where((edges > MIDDLE[0] * height) & (edges < MIDDLE[1] * height), gaps, 0.0)
        if gaps.size and gaps.max() > best:
            best, chosen = float(gaps.max()), down - slope * (right - width / 2) > edges[gaps.argmax()]
    return chosen


def combine(first: Ink, second: Ink) -> Ink | None:
    """Return the upper part of one written syllable above the final of another, which is moved to its place.

    Args:
        first: cut to a syllable with a final.
        second: likewise, of the same layout and size.

    Returns:
        The new syllable's ink, of the first's size; None where one of them cannot be cut.
    """
    upper, lower = find_final(first), find_final(second)
    if upper is None or lower is None:
        return None
    kept, taken = np.where(upper, 0.0, first), np.where(lower, second, 0.0)
    below, theirs = np.argwhere(np.where(upper, first, 0.0) > 0.25), np.argwhere(taken > 0.25)
    lowest = min((int(np.ptp(each[:, 0])) if len(each) else 0) for each in (below, theirs))
    if lowest < LOWEST * len(first) or not (kept > 0.25).any():
        return None
    middle = (below.min(0) + below.max(0)) // 2 - (theirs.min(0) + theirs.max(0)) // 2
    found = np.zeros_like(first)
    (top, left), (bottom, right) = theirs.min(0), theirs.max(0) + 1
    y, x = (int(edge) for edge in np.maximum(0, np.array([top, left]) + middle))
    part = taken[top:bottom, left:right][: max(0, first.shape[0] - y), : max(0, first.shape[1] - x)]
    found[y : y + part.shape[0], x : x + part.shape[1]] = part
    return np.maximum(kept, found).astype(np.float32)
