"""Alphabets that a recipe states in its own values, instead of naming one of this folder."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Sequence

from tfx_ocr.data.alphabets import text

SHOWN = 10  # classes that are named where a label is not one of them
FORBID = {"extra": "forbid"}  # as pydantic reads it: a misspelt field is an error


@dataclasses.dataclass(frozen=True, kw_only=True)
class Classes:
    """Labels of which a picture has exactly one; or entities, one for each word of a page, the first being "", nothing.

    Attributes:
        classes: in the order of their numbers, in NFC.

    Raises:
        ValueError: there are fewer than two, one stands twice, or one is not as `normalize_label` leaves it.
    """

    __pydantic_config__ = FORBID

    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_values(self.classes, "classes")
        for label in self.classes:
            if label != label.strip():
                raise ValueError(f"class {label!r} has white space around it; remove it")

    @property
    def CLASSES(self) -> tuple[str, ...]:  # noqa: N802 (the name that alphabets, being modules, have)
        """The labels in the order of their numbers."""
        return self.classes

    def find_problem(self, label: str) -> str | None:
        """Say why `label` is not a class; None when it is one.

        >>> Classes(classes=("A", "B")).find_problem("C")
        "unknown label: 'C' is not one of A, B"
        """
        if label in self.classes:
            return None
        known = [each for each in self.classes if each]
        more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
        return f"unknown label: {label!r} is not one of {', '.join(known[:SHOWN])}{more}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Characters:
    """Characters that a line's text may hold.

    Attributes:
        characters: in the order of their numbers, in NFC.
        longest: most characters of a text.

    Raises:
        ValueError: there are fewer than two characters, one stands twice, or they are not in NFC.
    """

    __pydantic_config__ = FORBID

    characters: str
    longest: int = text.LONGEST

    def __post_init__(self) -> None:
        _check_values(self.characters, "characters")
        if self.longest < 1:
            raise ValueError(f"longest is {self.longest}; a text has 1 character or more")

    @property
    def CHARACTERS(self) -> tuple[str, ...]:  # noqa: N802
        """The characters in the order of their numbers."""
        return tuple(self.characters)

    @property
    def LONGEST(self) -> int:  # noqa: N802
        """Most characters of a text."""
        return self.longest

    def find_problem(self, label: str) -> str | None:
        """Say why `label` cannot be a line's text; None when it can.

        >>> Characters(characters="0123456789.", longest=4).find_problem("0042.7")
        'label too long: 6 characters, where 4 are allowed'
        """
        return text.find_problem(label, self.characters, self.longest)


def _check_values(values: Sequence[str], what: str) -> None:
    """Raise ValueError where values are too few, repeated or not composed."""
    if len(values) < 2:
        raise ValueError(f"{what} holds {len(values)}: give 2 or more")
    if twice := next((value for value in values if values.count(value) > 1), ""):
        raise ValueError(f"{what} holds {twice!r} twice; name each once")
    whole = "".join(values)
    if unicodedata.normalize("NFC", whole) != whole:
        raise ValueError(f"{what} holds letters that are not composed; write them in NFC")
