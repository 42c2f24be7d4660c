"""Answers held to some of an alphabet's labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from tfx_ocr.data.alphabets import ALPHABETS, get_alphabet

SHOWN = 10  # unknown ones that are named


def list_allowed(whitelist: str | Sequence[str]) -> tuple[str, ...]:
    """Return what a whitelist allows, each once, in NFC.

    Args:
        whitelist: characters as one text, the name of an alphabet such as `ks_x_1001`, or labels.

    Raises:
        ValueError: it is empty.

    >>> list_allowed("0123")
    ('0', '1', '2', '3')
    """
    if isinstance(whitelist, str) and whitelist in ALPHABETS:
        alphabet = get_alphabet(whitelist)
        return tuple(getattr(alphabet, "CLASSES", None) or alphabet.CHARACTERS)
    labels = unicodedata.normalize("NFC", whitelist) if isinstance(whitelist, str) else whitelist
    allowed = tuple(dict.fromkeys(unicodedata.normalize("NFC", label) for label in labels))
    if not allowed:
        raise ValueError("a whitelist names the characters that are allowed: give one or more")
    return allowed


def restrict_labels(whitelist: str | Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that a whitelist allows, in the labels' order.

    Args:
        whitelist: see `list_allowed`.
        labels: of the alphabet.

    Raises:
        ValueError: it names what is not a label.

    >>> restrict_labels("31", "0123")
    ('1', '3')
    """
    allowed = list_allowed(whitelist)
    known = set(labels)
    if unknown := [repr(label) for label in allowed if label not in known]:
        raise ValueError(
            f"the whitelist names {_shorten(unknown)}, which the model never answers; it answers {_shorten(labels)}"
        )
    kept = set(allowed)
    return tuple(label for label in labels if label in kept)


def _shorten(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - SHOWN:,} more" if len(labels) > SHOWN else ""
    return f"{', '.join(labels[:SHOWN])}{more}"
