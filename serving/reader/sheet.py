"""A page made ready to be read: its ink upright, without shadow and rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from tfx_ocr.data.page.page import Box, Polygon
from tfx_ocr.serving.reader import ink as inks
from tfx_ocr.serving.reader import rules

LEAST_SKEW_DEG = 0.15  # a page that is turned by less stays as it is


@dataclasses.dataclass(frozen=True, eq=False)
class Sheet:
    """A page upright.

    Attributes:
        ink: [height, width] uint8, 0 is paper, without rules.
        mask: [height, width] uint8, 1 where there is ink that is not a rule.
        back: [2, 3], from x, y and 1 on the sheet to x and y on the page.
        skew_deg: by how much its lines fell to the right.
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

    def turn_over(self) -> Sheet:
        """Return it upside down."""
        height, width = self.ink.shape
        back = self.back @ np.array([[-1, 0, width], [0, -1, height], [0, 0, 1]])
        ink, mask = (np.ascontiguousarray(each[::-1, ::-1]) for each in (self.ink, self.mask))
        return dataclasses.replace(self, ink=ink, mask=mask, back=back)

    def keep(self, boxes: Sequence[Box]) -> Sheet:
        """Return it with no other ink than that in `boxes`."""
        mask = np.zeros_like(self.mask)
        for box in boxes:
            place = np.s_[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
            mask[place] = self.mask[place]
        return dataclasses.replace(self, mask=mask)


def prepare(grey: np.ndarray, *, keep_orientation: bool = False) -> Sheet:
    """Prepare a page: its lines along, though it may be upside down.

    Args:
        grey: [height, width] uint8.
        keep_orientation: whether a page that lies on its side stays so.
    """
    from tfx_ocr.serving.reader.orient import is_sideways

    ink = inks.normalize(inks.flatten(grey))
    threshold = inks.find_threshold(ink)
    mask = inks.binarize(ink, threshold)
    back: np.ndarray = np.eye(3)
    if not keep_orientation and is_sideways(mask):
        back = np.array([[0, -1, grey.shape[1]], [1, 0, 0], [0, 0, 1]])
        ink, mask = np.ascontiguousarray(np.rot90(ink)), np.ascontiguousarray(np.rot90(mask))
    skew = inks.measure_skew(mask)
    if abs(skew) >= LEAST_SKEW_DEG:
        turn, size = inks.find_rotation((ink.shape[1], ink.shape[0]), skew)
        ink = inks.rotate(ink, turn, size)
        mask = inks.binarize(ink, threshold)
        back = back @ np.vstack([cv2.invertAffineTransform(turn), (0, 0, 1)])
    rest = rules.remove_rules(mask, inks.binarize(ink, inks.FAINTEST))
    mask, ink = rest, rules.clear_rules(ink, mask, rest)
    return Sheet(ink, mask, back[:2], skew, (grey.shape[1], grey.shape[0]))
