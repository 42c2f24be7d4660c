"""Files of the fields that somebody wrote down for a page."""

from __future__ import annotations

import json
from collections.abc import Mapping


def read(content: bytes, names: Mapping[str, str]) -> dict[str, str]:
    """The fields of a JSON file by our names, raw; blank ones, and those that `names` lacks, are left out.

    Args:
        content: a JSON object, its values texts.
        names: a field's name in the file to ours.

    Raises:
        ValueError: it is something else.
    """
    try:
        fields = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"no fields: not JSON ({error})") from None
    if not isinstance(fields, dict):
        raise ValueError("no fields: not a JSON object")
    found = {ours: fields.get(theirs) or "" for theirs, ours in names.items()}
    if wrong := [name for name, value in found.items() if not isinstance(value, str | int | float)]:
        raise ValueError(f"no fields: {wrong[0]} is no text")
    return {name: str(value) for name, value in found.items() if str(value).strip()}
