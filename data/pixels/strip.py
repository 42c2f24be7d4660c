"""How much of a strip its line needs: up to the end of the ink, and the paper behind it that a network looks at."""

from __future__ import annotations

from typing import Any

import numpy as np

INK = 0.05  # of a strip's range, from which on a pixel is ink
KEPT_PX = 32  # of paper behind the ink that is still read: a character is told some frames late
SEEN_PX = 28  # of paper that a network may look at behind those, or less
STEP_PX = 64  # a strip is cut to a multiple of it, so that few shapes occur


def get_ink(scaled: tuple[float, float]) -> float:
    """Return the value from which on a pixel is ink, given the range of a strip's values."""
    low, high = scaled
    return low + INK * (high - low)


def measure_ends(strips: np.ndarray, ink: float) -> np.ndarray:
    """Return the columns of each strip up to its last ink; 0 for a blank one.

    Args:
        strips: [rows, height, width, 1]; ink is light.
        ink: value from which on a pixel is ink.

    Returns:
        [rows] int.
    """
    is_ink = strips.max((1, 3)) >= ink
    return np.where(is_ink.any(1), strips.shape[2] - is_ink[:, ::-1].argmax(1), 0)


def measure_widths(strips: np.ndarray, ink: float) -> np.ndarray:
    """Return the columns that each strip needs: a multiple of `STEP_PX`, or all of them.

    Args:
        strips: as `measure_ends` takes them.
        ink: likewise.

    Returns:
        [rows] int.
    """
    needed: np.ndarray = np.minimum(add_paper(measure_ends(strips, ink)), strips.shape[2])
    return needed


def add_paper(end: Any) -> Any:
    """Return the columns that a strip needs whose ink ends there, a multiple of `STEP_PX`; integers of any array."""
    return -(-(end + KEPT_PX + SEEN_PX) // STEP_PX) * STEP_PX
