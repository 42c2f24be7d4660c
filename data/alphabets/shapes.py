"""What a detector finds on a page, by kind."""

from __future__ import annotations

CLASSES = (
    "line",  # of text, words and digits alike
    "word",  # what stands between spaces
    "digit",  # a word that is one digit
)


def find_problem(label: str) -> str | None:
    """Say why `label` is not a kind of shape; None when it is one.

    >>> find_problem("line")
    >>> find_problem("table")
    "unknown label: 'table' is not one of line, word, digit"
    """
    return None if label in CLASSES else f"unknown label: {label!r} is not one of {', '.join(CLASSES)}"
