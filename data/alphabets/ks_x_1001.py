"""The 2,350 composed syllables of KS X 1001, which nearly all printed Korean is written with."""

from __future__ import annotations

from tfx_ocr.data.alphabets import hangul

CLASSES = hangul.KS_X_1001


def find_problem(label: str) -> str | None:
    """Say why `label` is not one of these syllables; None when it is one.

    >>> find_problem("한")
    >>> find_problem("뷁")
    "unknown label: '뷁' (U+BDC1) is not one of the 2,350 syllables of KS X 1001"
    """
    if reason := hangul.find_problem(label):
        return reason
    if label in CLASSES:
        return None
    return f"unknown label: {label!r} (U+{ord(label):04X}) is not one of the {len(CLASSES):,} syllables of KS X 1001"
