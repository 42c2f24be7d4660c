"""What a line's text may hold, by the characters of its alphabet."""

from __future__ import annotations

import unicodedata
from collections.abc import Container

LONGEST = 128  # characters of a line


def find_problem(label: str, characters: Container[str], longest: int = LONGEST) -> str | None:
    r"""Say why `label` cannot be a line's text, by its characters outside `characters`, the first with its place.

    None when it can.

    >>> find_problem("Giá 5", "Giá 5")
    >>> find_problem("Giá 5€", "Giá 5")
    "unknown label: '€' (U+20AC), character 6 of 'Giá 5€', is not in the alphabet"
    >>> find_problem("€5–6", "Giá 5")
    "unknown label: '€' (U+20AC), character 1 of '€5–6', is not in the alphabet, nor '–', '6'"
    """
    if not label.strip():
        return "no label: the line's text is empty"
    if len(label) > longest:
        return f"label too long: {len(label)} characters, where {longest} are allowed"
    outside = [character for character in dict.fromkeys(label) if character not in characters]
    if not outside:
        return None
    first, *others = outside
    shown = f"{first!r} (U+{ord(first):04X}), character {label.index(first) + 1} of {label!r},"
    if unicodedata.normalize("NFC", label) != label:
        return f"unknown label: {shown} is not composed; write the text in NFC"
    more = f", nor {', '.join(map(repr, others))}" if others else ""
    return f"unknown label: {shown} is not in the alphabet{more}"
