"""Recipes of users: one TOML file each, `recipes/NAME.toml`, with the fields of `components.recipe.Recipe`."""

from __future__ import annotations

import dataclasses
import re
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic

from tfx_ocr.components.recipe import ALIASES, NAME, Recipe
from tfx_ocr.data import files
from tfx_ocr.data.alphabets import ALPHABETS

UNKNOWN = "unexpected_keyword_argument"  # type of a pydantic error
TAKEN = ("samples", "serving", "tfx")  # folders beside those of the recipes


def check_file_name(name: str) -> None:
    """Refuse a name that a recipe of one's own cannot have.

    Raises:
        ValueError: it is not one of letters a to z, digits, - and _, or it names a folder of every home.
    """
    if not re.fullmatch(NAME, name):
        raise ValueError(
            f"no recipe can be called {name!r}: a name has letters a to z, digits, - and _, 63 at most, "
            "and begins with a letter or a digit"
        )
    if name in TAKEN:
        raise ValueError(f"no recipe can be called {name!r}: a folder of that name holds {name} of all recipes")


def read_recipe(file: Path) -> Recipe:
    """Read a recipe; its name is the file's.

    Raises:
        ValueError: the file is not TOML, or a field is unknown or has a value it may not have.
    """
    check_file_name(file.stem)
    try:
        values = tomllib.loads(files.read_file(file).decode("utf-8"))
    except ValueError as error:  # of TOML or of UTF-8
        raise ValueError(f"{file} is not TOML in UTF-8: {error}") from None
    return build_recipe(values, file.stem, str(file))


def build_recipe(values: dict[str, Any], name: str, source: str) -> Recipe:
    """Return the recipe of values as TOML or JSON has them.

    `classes`, or `characters` with `longest`, may stand in place of `alphabet`; either may be a name of `ALPHABETS`.
    Classes of tagging need not begin with "", which stands for nothing.

    Args:
        values: fields of `Recipe`, without the name.
        name: of the recipe.
        source: where the values are from, for errors.

    Raises:
        ValueError: a field is unknown or has a value it may not have; the known ones are named.
    """
    values = {ALIASES.get(field, field): value for field, value in values.items()}
    if values.setdefault("name", name) != name:
        raise ValueError(f"{source}: name is {values['name']!r}; a recipe has the name of its file, {name!r}")
    stated = {field: values.pop(field) for field in ("classes", "characters", "longest") if field in values}
    if stated and "alphabet" in values:
        raise ValueError(f"{source}: alphabet and {', '.join(stated)}: give one of them")
    if stated:
        values["alphabet"] = next(
            (each for each in stated.values() if isinstance(each, str) and each in ALPHABETS), stated
        )
    alphabet = values.get("alphabet")
    if values.get("task") == "tagging" and isinstance(alphabet, dict) and isinstance(alphabet.get("classes"), list):
        values["alphabet"] = {"classes": ["", *(label for label in alphabet["classes"] if label)]}
    return validate(values, source)


def validate(values: dict[str, Any], source: str) -> Recipe:
    """Return the recipe of values that have all fields.

    Args:
        values: fields of `Recipe`.
        source: where they are from, for errors.

    Raises:
        ValueError: a field is unknown, missing or has a value it may not have.
    """
    try:
        return pydantic.TypeAdapter(Recipe).validate_python(values)  # 1 for a float becomes 1.0
    except pydantic.ValidationError as error:
        first = min(error.errors(), key=lambda each: each["type"] != UNKNOWN)  # a misspelt field is missing too
        path = [str(step) for step in first["loc"]]
        field = ".".join(path)
        if first["type"] == UNKNOWN:
            owner = ".".join(path[:-1]) or "a recipe"
            known = ", ".join(_list_fields(path[:-1]))
            raise ValueError(f"{source}: no field {path[-1]!r} in {owner}; known: {known}") from None
        if first["type"] in ("missing", "missing_argument", "missing_keyword_only_argument"):
            raise ValueError(f"{source}: field {field} is missing") from None
        said = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{source}: {field} is {first['input']!r:.100}: {said[:1].lower()}{said[1:]}") from None


def _list_fields(path: list[str]) -> list[str]:
    """Return the fields that the part of a recipe at `path`, steps of a pydantic error, may have."""
    kinds: list[Any] = [Recipe]
    for step in path:
        tagged = [kind for kind in kinds if step in (getattr(kind, "kind", None), kind.__name__.lower())]
        hints = [typing.get_type_hints(kind).get(step) for kind in kinds]
        kinds = tagged or [kind for hint in hints for kind in _list_dataclasses(hint)] or kinds  # a key of a mapping
    return [field.name for kind in kinds for field in dataclasses.fields(kind)]


def _list_dataclasses(hint: Any) -> Iterator[Any]:
    """Yield the dataclasses in a type, such as those of a union."""
    if dataclasses.is_dataclass(hint):
        yield hint
    for inner in typing.get_args(hint):
        yield from _list_dataclasses(inner)
