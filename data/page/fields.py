"""Fields of a page: those that a model finds, and files of those that were transcribed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple


class Field(NamedTuple):
    """A field that was found on a page.

    Attributes:
        name: such as `total`.
        text: its words as they stand on the page.
        confidence: mean of its words', 0 to 1.
        box: left, top, right, bottom, in the page's own unit.
        values: what the text may mean, as `data.values` reads it: days as ISO 8601, amounts in decimal digits.
        currencies: of amounts, as ISO 4217.
    """

    name: str
    text: str
    confidence: float
    box: tuple[float, float, float, float]
    values: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()


def read_fields(content: bytes, names: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a JSON file by our names, raw; blank ones, and those that `names` lacks, are left out.

    Args:
        content: a JSON object, its values texts, or numbers, which stand as the file has them: 12.50 is not 12.5.
        names: a field's name in the file, in any case, to ours.

    Raises:
        ValueError: it is something else.
    """
    try:
        fields = json.loads(content, parse_float=str, parse_int=str, parse_constant=float)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no fields: not JSON ({error})") from None
    if not isinstance(fields, dict):
        raise ValueError("no fields: not a JSON object")
    folded = {name.casefold(): value for name, value in fields.items()} | fields  # the exact name goes first
    known = {ours: folded.get(theirs, folded.get(theirs.casefold())) for theirs, ours in names.items()}
    texts = {name: value for name, value in known.items() if value is not None}
    if wrong := [name for name, value in texts.items() if not isinstance(value, str)]:
        raise ValueError(f"no fields: {wrong[0]} is {json.dumps(texts[wrong[0]])[:40]}, not a text or a number")
    if wrong := [name for name, text in texts.items() if any("\ud800" <= letter <= "\udfff" for letter in text)]:
        raise ValueError(f"text is not Unicode: half a surrogate pair in {wrong[0]}")
    return {name: text for name, text in texts.items() if text.strip()}
