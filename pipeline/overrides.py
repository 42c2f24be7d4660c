"""The recipe of a command: its network, tuner and values replaced as the settings say."""

from __future__ import annotations

import ast
import dataclasses
import re
import shlex
from typing import Any

from tfx_ocr.components.recipe import ALIASES, Recipe, Tuner
from tfx_ocr.data import pretrained
from tfx_ocr.pipeline.recipes import get_recipe, toml_file
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions


def resolve_recipe(settings: Settings) -> Recipe:
    """Return the recipe of `settings`, with its network, tuner and overrides put in.

    Raises:
        ValueError: the recipe or a field is unknown, or a field may not have the value; what is allowed is named.
    """
    recipe = get_recipe(settings.recipe, settings.recipes)
    if settings.network:
        recipe = recipe.choose_network(settings.network)
    if settings.tune and recipe.tuner is None:
        recipe = dataclasses.replace(recipe, tuner=Tuner())
    try:
        overrides = shlex.split(settings.overrides)
    except ValueError as error:
        raise ValueError(f"overrides {settings.overrides!r}: {str(error).lower()}") from None
    for override in overrides:
        field, equals, text = override.partition("=")
        if not equals:
            raise ValueError(f"override {override!r} is not of the form field=value, such as trainer.epochs=5")
        if field == "name":  # of the folders: the settings say it
            raise ValueError(f"override {override!r}: the name of a recipe cannot be replaced")
        top, *rest = field.split(".")
        recipe = _replace(recipe, [ALIASES.get(top, top), *rest], _parse(text), field)
    return _locate_weights(toml_file.validate(dataclasses.asdict(recipe), f"recipe {recipe.name}"), settings)


def _locate_weights(recipe: Recipe, settings: Settings) -> Recipe:
    """Return the recipe with weights and members named by pushed models as the folders of their newest versions."""
    trainer = dataclasses.replace(
        recipe.trainer,
        initial_weights=_locate_version(recipe.trainer.initial_weights, settings),
        members=tuple(_locate_version(name, settings) for name in recipe.trainer.members),
    )
    return dataclasses.replace(recipe, trainer=trainer)


def _locate_version(name: str, settings: Settings) -> str:
    """Return the folder of a pushed model's newest version; any other name as it is."""
    if not re.fullmatch(r"\w[\w-]*", name) or name in pretrained.list_names():
        return name
    serving_dir = settings.get_serving_dir(name)
    if (newest := versions.find_newest(serving_dir)) is None:
        return name  # what `check` refuses, unless it is a file
    return str(versions.list_folders(serving_dir)[newest])


def _parse(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):  # what no literal of Python is
        return text


def _replace(owner: Any, path: list[str], value: Any, field: str) -> Any:
    name, *rest = path
    if isinstance(owner, dict):
        if rest and name not in owner:
            raise ValueError(f"override {field!r}: no {name!r}; known here: {', '.join(owner) or 'none'}")
        return {**owner, name: _replace(owner[name], rest, value, field) if rest else value}
    if isinstance(owner, list | tuple):  # of stages, which have names
        named = {each.get("name") if isinstance(each, dict) else getattr(each, "name", None): each for each in owner}
        if name not in named:
            known = ", ".join(each for each in named if each) or "none"
            raise ValueError(f"override {field!r}: no {name!r}; known here: {known}")
        return tuple((named | {name: _replace(named[name], rest, value, field) if rest else value}).values())
    names = [known.name for known in dataclasses.fields(owner)] if dataclasses.is_dataclass(owner) else []
    if name not in names:
        raise ValueError(f"override {field!r}: no field {name!r}; known here: {', '.join(names) or 'none'}")
    return dataclasses.replace(owner, **{name: _replace(getattr(owner, name), rest, value, field) if rest else value})
