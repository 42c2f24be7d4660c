"""Alphabets: what a label may be, and its class number. One file an alphabet, one line here."""

from __future__ import annotations

import importlib
from types import ModuleType

# An alphabet of classes has CLASSES, a tuple of labels in the order of their numbers; every alphabet has
# why_not(label) -> str | None, one clause that names the label and what is allowed, None for a label that is.
ALPHABETS = {
    "digits": "tfx_ocr.data.alphabets.digits",
}


def alphabet(name: str) -> ModuleType:
    """Import and return the alphabet that `name` stands for.

    Raises:
        ValueError: there is no such alphabet; the known ones are named.
    """
    if name not in ALPHABETS:
        raise ValueError(f"no alphabet {name!r}; known: {', '.join(sorted(ALPHABETS))}")
    return importlib.import_module(ALPHABETS[name])
