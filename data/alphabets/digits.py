"""The ten Western digits."""

from __future__ import annotations

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def find_problem(label: str) -> str | None:
    """Say why `label` is not a digit; None when it is one.

    >>> find_problem("7")
    >>> find_problem("12")
    "unknown label: '12' is not one of 0 to 9"
    """
    return None if label in CLASSES else f"unknown label: {label!r} is not one of {CLASSES[0]} to {CLASSES[-1]}"
