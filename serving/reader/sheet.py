"""A page made ready to be read: its ink upright, without shadow and rules."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from tfx_ocr.data.page.page import Polygon
from tfx_ocr.serving.reader import ink as inks
from tfx_ocr.serving.reader import rules

LEAST_SKEW_DEG = 0.15  # a page that is turned by less stays as it is


@dataclasses.dataclass(frozen=True, eq=False)
class Sheet:
    """A page upright.

    Attributes:
        ink: [height, width] uint8, 0 is paper.
        mask: [height, width] uint8, 1 where there is ink that is not a rule.
        back: [2, 3], from x, y and 1 on the sheet to x and y on the page.
        skew_deg: by how much the page's lines fall to the right.
        size: width and height of the page.
    """

    ink: np.ndarray
    mask: np.ndarray
    back: np.ndarray
    skew_deg: float
    size: tuple[int, int]

    def move_back(self, points: Polygon) -> Polygon:
        """Return points of the sheet where they lie on the page, in whole pixels, each once."""
        moved = np.rint(np.array([(x, y, 1.0) for x, y in points]) @ self.back.T)
        inside = np.clip(moved, 0, self.size).tolist()
        return tuple(dict.fromkeys((float(x), float(y)) for x, y in inside))


def prepare(grey: np.ndarray) -> Sheet:
    """Prepare a page: [height, width] uint8."""
    ink = inks.flatten(grey)
    threshold = inks.find_threshold(ink)
    mask = inks.binarize(ink, threshold)
    skew = inks.measure_skew(mask)
    back: np.ndarray = np.eye(2, 3)
    if abs(skew) >= LEAST_SKEW_DEG:
        turn, size = inks.find_rotation((grey.shape[1], grey.shape[0]), skew)
        ink = inks.rotate(ink, turn, size)
        mask, back = inks.binarize(ink, threshold), np.asarray(cv2.invertAffineTransform(turn))
    return Sheet(ink, rules.remove_rules(mask), back, skew, (grey.shape[1], grey.shape[0]))
