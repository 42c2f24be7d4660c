"""The recipe a run is for: by name, with the network and the values that the settings put in its place."""

from __future__ import annotations

import ast
import dataclasses
import shlex
from typing import Any

import pydantic

from tfx_ocr.components.recipe import Recipe, Tuner
from tfx_ocr.pipeline.recipes import recipe
from tfx_ocr.pipeline.settings import Settings


def chosen(settings: Settings) -> Recipe:
    """The recipe of `settings`, with its network, tuner and overrides put in.

    Raises:
        ValueError: no such recipe or field, or a value the field may not have; what is allowed is named.
    """
    it = recipe(settings.recipe)
    if settings.network:
        it = it.with_network(settings.network)
    if settings.tune and it.tuner is None:
        it = dataclasses.replace(it, tuner=Tuner())
    for override in shlex.split(settings.overrides):
        field, equals, text = override.partition("=")
        if not equals:
            raise ValueError(f"override {override!r} is not of the form field=value, such as trainer.epochs=5")
        it = _replaced(it, field.split("."), _value(text), field)
    try:
        return pydantic.TypeAdapter(Recipe).validate_python(dataclasses.asdict(it))  # 1 for a float becomes 1.0
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"recipe {it.name}: {where} is {first['input']!r}: {first['msg'].lower()}") from None


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _replaced(it: Any, path: list[str], value: Any, field: str) -> Any:
    name, *rest = path
    if isinstance(it, dict):
        return {**it, name: _replaced(it[name], rest, value, field) if rest else value}
    names = [known.name for known in dataclasses.fields(it)] if dataclasses.is_dataclass(it) else []
    if name not in names:
        raise ValueError(f"override {field!r}: no field {name!r}; known here: {', '.join(names) or 'none'}")
    return dataclasses.replace(it, **{name: _replaced(getattr(it, name), rest, value, field) if rest else value})
