"""Consonants as people write them in one stroke, in the places where a font has them."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from tfx_ocr.data.alphabets import hangul
from tfx_ocr.data.synthetic import recombined
from tfx_ocr.data.synthetic.paper import Ink

Mask = npt.NDArray[np.bool_]

# By jamo, the pen's nodes of each way to write it: hundredths of the jamo's box, to the right and down.
FORMS: dict[str, tuple[tuple[tuple[int, int], ...], ...]] = {
    "ㄷ": (((8, 8), (85, 4), (15, 14), (8, 88), (95, 92)),),
    "ㄹ": (
        ((5, 8), (85, 4), (75, 40), (12, 52), (10, 88), (95, 92)),
        ((8, 8), (85, 4), (10, 52), (85, 46), (5, 95), (98, 90)),
    ),
    "ㅁ": (((10, 8), (6, 90), (88, 95), (94, 10), (2, 6)), ((8, 4), (6, 95), (10, 12), (94, 8), (90, 95), (2, 92))),
    "ㅂ": (
        ((8, 2), (8, 95), (88, 95), (94, 0), (90, 50), (8, 52)),
        ((8, 2), (6, 95), (12, 50), (90, 46), (94, 0), (92, 95), (2, 95)),
    ),
    "ㅅ": (((52, 2), (45, 35), (2, 98), (48, 45), (98, 95)),),
    "ㅈ": (((6, 8), (92, 4), (60, 45), (2, 98), (50, 50), (98, 95)),),
    "ㅊ": (((35, 0), (62, 10), (6, 30), (92, 27), (60, 60), (2, 98), (50, 65), (98, 95)),),
    "ㅌ": (((92, 4), (10, 8), (8, 50), (85, 44), (12, 54), (8, 92), (98, 95)),),
    "ㅎ": (((35, 0), (65, 8), (6, 30), (95, 26), (45, 42), (8, 72), (50, 100), (92, 74), (55, 46), (25, 56)),),
}  # fmt: skip
MIDDLE, LOWEST = 0.5, 0.4  # of the width, of the height: where the medial's stem or bar begins
STEM, BAR = 0.6, 0.7  # of the height, of the width: how long they are
LEAST = 0.2  # of the longer side: narrower and lower ink is not a whole consonant


class Joined(NamedTuple):
    """One consonant in one stroke: the ink that it stands for, and its nodes [n, 2], x and y in pixels."""

    mask: Mask
    stroke: npt.NDArray[np.float64]


def join_jamo(ink: Ink, syllable: str, share: float, rng: np.random.Generator) -> list[Joined]:
    """Return some consonants of a drawn syllable in one stroke each.

    Those of a font whose ink touches that of other jamo are left, and so are doubled ones, and initials beside and
    above a medial.

    Args:
        ink: cut to the syllable.
        syllable: composed.
        share: of the consonants that are returned.
        rng: where chance comes from.
    """
    initial, _, final = hangul.split(syllable)
    below = recombined.find_final(ink) if final else np.zeros(ink.shape, bool)
    if below is None:
        return []
    parts = _list_parts(ink)
    lower = [part for part in parts if below[part].mean() > 0.5]
    upper = [part for part in parts if below[part].mean() <= 0.5]
    layout = recombined.get_layout(syllable).rstrip("+")
    found = []
    for jamo, of_jamo in (
        (hangul.INITIALS[initial], _select_initial(upper, layout)),
        (hangul.FINALS[final], lower),
    ):
        forms = FORMS.get(jamo, ())
        if forms and rng.random() < share and of_jamo:
            mask = np.any(of_jamo, 0)
            (left, top), (right, bottom) = _find_box(mask)
            nodes = np.array(forms[rng.integers(len(forms))]) / 100
            if min(right - left, bottom - top) > LEAST * max(ink.shape):
                found.append(Joined(mask, nodes * (right - left, bottom - top) + (left, top)))
    return found


def _list_parts(ink: Ink) -> list[Mask]:
    number, labels = cv2.connectedComponents((ink > 0.5).astype(np.uint8), connectivity=8)
    return [labels == part for part in range(1, number)]


def _find_box(mask: Mask) -> npt.NDArray[np.int64]:
    """Return (left, top), (right, bottom) of ink."""
    points = np.argwhere(mask)[:, ::-1]
    return np.stack([points.min(0), points.max(0)])


def _select_initial(parts: list[Mask], layout: str) -> list[Mask]:
    """Return the parts before the medial's: left of its first stem, or above its bar."""
    axis = {"beside": 0, "below": 1}.get(layout)
    if axis is None or len(parts) < 2:
        return []
    boxes = [_find_box(part) for part in parts]
    first, last = np.min([box[0] for box in boxes], 0), np.max([box[1] for box in boxes], 0)
    extent = last - first
    begins = [
        box[0, axis]
        for box in boxes
        if box[0, axis] > first[axis] + (MIDDLE, LOWEST)[axis] * extent[axis]
        and np.ptp(box[:, 1 - axis]) > (STEM, BAR)[axis] * extent[1 - axis]
    ]
    return [part for part, box in zip(parts, boxes, strict=True) if begins and box[:, axis].mean() < min(begins)]
