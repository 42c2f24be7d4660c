"""A recipe written out as TOML, with comments: what `toml_file.read_recipe` reads back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tfx_ocr.components.recipe import Recipe

ALWAYS = ("kind", "network", "epochs", "batch_size")  # fields that are written though they have their default


def format_recipe(recipe: Recipe, comments: Mapping[str, str]) -> str:
    """Return the text of a recipe's file: its values but defaults, its name and the parts of other networks.

    Args:
        recipe: with an alphabet of its own or of any name.
        comments: by field, such as `trainer.epochs`, what stands behind its value; "" for what stands first.
    """
    values = _list_values(dataclasses.replace(recipe, trainers={}))
    del values["name"]
    if isinstance(values["alphabet"], dict):
        values = {name: value for field in values for name, value in _lift(field, values[field]).items()}
    lines = [f"# {line}" for line in comments[""].splitlines()]
    return "\n".join([*lines, "", *_format_table(values, comments, "")]) + "\n"


def _lift(field: str, value: Any) -> dict[str, Any]:
    """Return `classes`, or `characters` and `longest`, in place of the alphabet that holds them."""
    return dict(value) if field == "alphabet" else {field: value}


def _list_values(owner: Any) -> Any:
    """Return what a TOML file says of a dataclass: fields that differ from their defaults."""
    if dataclasses.is_dataclass(owner):
        found = {field: getattr(owner, field.name) for field in dataclasses.fields(owner)}
        return {
            field.name: _list_values(value)
            for field, value in found.items()
            if field.name in ALWAYS or value != _get_default(field)
        }
    return list(owner) if isinstance(owner, tuple) else owner


def _get_default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _format_table(values: Mapping[str, Any], comments: Mapping[str, str], path: str) -> Iterator[str]:
    """Yield the lines of a table: its values first, then its tables."""
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    for name, value in values.items():
        if name not in tables:
            comment = comments.get(path + name, "")
            yield f"{name} = {_format_value(value)}" + (f"  # {comment}" if comment else "")
    for name, table in tables.items():
        if table:
            comment = comments.get(path + name, "")
            yield ""
            yield f"[{path}{name}]" + (f"  # {comment}" if comment else "")
            yield from _format_table(table, comments, f"{path}{name}.")


def _format_value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_format_value, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)  # a number or a truth value
