"""Files of the fields that somebody wrote down for a page."""

from __future__ import annotations

import json
from collections.abc import Mapping


def read_fields(content: bytes, names: Mapping[str, str]) -> dict[str, str]:
    """The fields of a JSON file by our names, raw; blank ones, and those that `names` lacks, are left out.

    Args:
        content: a JSON object, its values texts.
        names: a field's name in the file to ours.

    Raises:
        ValueError: it is something else.
    """
    try:
        fields = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError of its own
        raise ValueError(f"no fields: not JSON ({error})") from None
    if not isinstance(fields, dict):
        raise ValueError("no fields: not a JSON object")
    found = {ours: "" if (said := fields.get(theirs)) is None else said for theirs, ours in names.items()}
    if wrong := [name for name, value in found.items() if not isinstance(value, str | int | float)]:
        raise ValueError(f"no fields: {wrong[0]} is no text")
    texts = {name: str(value) for name, value in found.items() if value != ""}
    if wrong := [name for name, text in texts.items() if any("\ud800" <= letter <= "\udfff" for letter in text)]:
        raise ValueError(f"text is not Unicode: half a surrogate pair in {wrong[0]}")
    return {name: text for name, text in texts.items() if text.strip()}
