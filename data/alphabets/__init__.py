"""Alphabets: what a label may be, and its class number. One file an alphabet, one line here."""

from __future__ import annotations

from typing import Protocol, cast

from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.data.registry import load_named

# A class of Hangul is also three joined ones: INITIALS, MEDIALS, FINALS, with split(label) and join(numbers) between.
ALPHABETS = {
    "digits": "tfx_ocr.data.alphabets.digits",
    "entities": "tfx_ocr.data.alphabets.entities",
    "hangul": "tfx_ocr.data.alphabets.hangul",
    "ks_x_1001": "tfx_ocr.data.alphabets.ks_x_1001",
    "latin": "tfx_ocr.data.alphabets.latin",
    "shapes": "tfx_ocr.data.alphabets.shapes",
    "vietnamese": "tfx_ocr.data.alphabets.vietnamese",
}


class Alphabet(Protocol):
    """What a label may be: a module of this folder, or values of a recipe.

    Attributes:
        CLASSES: where a label is a class, the labels in the order of their numbers. Those of entities are what each
            word of a page may be; the first, "", is nothing.
        CHARACTERS: where a label is a text, the characters it may hold in the order of their numbers.
        LONGEST: likewise, of a text, in characters.
    """

    @property
    def CLASSES(self) -> tuple[str, ...]: ...  # noqa: D102, N802

    @property
    def CHARACTERS(self) -> tuple[str, ...]: ...  # noqa: D102, N802

    @property
    def LONGEST(self) -> int: ...  # noqa: D102, N802

    def find_problem(self, label: str, /) -> str | None:
        """Return one clause that says what is wrong with a label; None for one that is allowed."""


def get_alphabet(alphabet: str | Classes | Characters) -> Alphabet:
    """Return the alphabet that a recipe names, imported, or states itself.

    Raises:
        ValueError: the name is unknown; the known ones are named.
    """
    return cast(Alphabet, load_named(ALPHABETS, alphabet, "alphabet") if isinstance(alphabet, str) else alphabet)
