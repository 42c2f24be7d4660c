"""What a line's text may hold, by the characters of its alphabet."""

from __future__ import annotations

import unicodedata
from collections.abc import Container

LONGEST = 128  # characters of a line


def find_problem(label: str, characters: Container[str], longest: int = LONGEST) -> str | None:
    r"""Say why `label` cannot be a line's text, by its first character outside `characters`; None when it can.

    >>> find_problem("Giá 5", "Giá 5")
    >>> find_problem("Giá 5€", "Giá 5")
    "unknown label: '€' (U+20AC), character 6 of 'Giá 5€', is not in the alphabet"
    """
    if not label.strip():
        return "no label: the line's text is empty"
    if len(label) > longest:
        return f"label too long: {len(label)} characters, where {longest} are allowed"
    for place, character in enumerate(label):
        if character not in characters:
            shown = f"{character!r} (U+{ord(character):04X}), character {place + 1} of {label!r},"
            if unicodedata.normalize("NFC", label) != label:
                return f"unknown label: {shown} is not composed; write the text in NFC"
            return f"unknown label: {shown} is not in the alphabet"
    return None
