"""The one spelling of a label, wherever it comes from: a folder's name, a table, a TFRecord, a correction."""

from __future__ import annotations

import unicodedata


def normalize_label(label: str) -> str:
    r"""NFC, without white space around it; case and inner spaces stay.

    The same letter comes composed or decomposed (macOS writes folder names decomposed): two classes for one answer
    would be counted as errors.

    >>> normalize_label(" Ha\u0300 Nội\n")
    'Hà Nội'
    """
    return unicodedata.normalize("NFC", label).strip()
