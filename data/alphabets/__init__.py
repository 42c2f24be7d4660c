"""Alphabets: what a label may be, and its class number. One file an alphabet, one line here."""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import load_named

# Every alphabet has
#   find_problem(label) -> str | None: one clause that names what is wrong with the label; None for one that is allowed
# One whose label is a class, of which a record has exactly one, has
#   CLASSES            a tuple of labels in the order of their numbers
# (CLASSES of entities is of what each word of a page may be; the first, "", is nothing)
# One whose label is a text has
#   CHARACTERS         a tuple of the characters it may hold, in the order of their numbers
#   LONGEST            of a text, in characters
# A class of Hangul is also three joined ones: INITIALS, MEDIALS, FINALS, with split(label) and join(numbers) between.
ALPHABETS = {
    "digits": "tfx_ocr.data.alphabets.digits",
    "entities": "tfx_ocr.data.alphabets.entities",
    "hangul": "tfx_ocr.data.alphabets.hangul",
    "latin": "tfx_ocr.data.alphabets.latin",
    "vietnamese": "tfx_ocr.data.alphabets.vietnamese",
}


def get_alphabet(name: str) -> ModuleType:
    """Import and return the alphabet that `name` stands for.

    Raises:
        ValueError: the alphabet is unknown; the known ones are named.
    """
    return load_named(ALPHABETS, name, "alphabet")
