"""What a command is about: its recipe, with what the settings put in its place, and the exported model that answers."""

from __future__ import annotations

import ast
import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from tfx_ocr.components.recipe import Recipe, Tuner
from tfx_ocr.data import features, pretrained
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions

if TYPE_CHECKING:
    from tfx_ocr.serving.export import Export


def resolve_recipe(settings: Settings) -> Recipe:
    """The recipe of `settings`, with its network, tuner and overrides put in.

    Raises:
        ValueError: no such recipe or field, or a value the field may not have; what is allowed is named.
    """
    recipe = get_recipe(settings.recipe)
    if settings.network:
        recipe = recipe.with_network(settings.network)
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
        recipe = _replaced(recipe, field.split("."), _value(text), field)
    try:
        return pydantic.TypeAdapter(Recipe).validate_python(dataclasses.asdict(recipe))  # 1 for a float becomes 1.0
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"recipe {recipe.name}: {where} is {first['input']!r}: {first['msg'].lower()}") from None


def find_model(settings: Settings, recipe: Recipe, model: Path | None = None) -> tuple[Path, str]:
    """The exported model that answers for a recipe: the one given, the newest pushed, or the one that ships.

    Args:
        settings: settings; they say where versions are pushed.
        recipe: the recipe.
        model: folder of an export; None for the newest pushed version, or the shipped one while there is none.

    Returns:
        Its folder, and what to call it: that folder, the version's number, or `pretrained`.

    Raises:
        ValueError: there is no model in `model`, or none at all.
    """
    if model is not None:
        if not (model / "saved_model.pb").exists():
            raise ValueError(f"no exported model at {model}: give a folder that holds saved_model.pb")
        return model, str(model)
    newest = versions.find_newest(settings.serving_dir)
    if newest is not None:
        return versions.get_folder(settings.serving_dir, newest), str(newest)
    if recipe.pretrained:
        return pretrained.get_folder(recipe.pretrained), "pretrained"
    raise ValueError(
        f"no version of {recipe.name} in {settings.serving_dir}: run `tfx-ocr run {recipe.name}`, or give --model"
    )


def get_signature(recipe: Recipe) -> str:
    """Name of the signature by which a recipe's model is asked about files: pictures, or pages' words."""
    return features.SERVE_IMAGES if recipe.words is None else features.SERVE_WORDS


def open_export(recipe: Recipe, path: Path) -> Export:
    """Load the exported model in `path`.

    Raises:
        ValueError: there is none that can be served, or it is one of another kind than the recipe's.
    """
    from tfx_ocr.serving.export import Export  # imports TensorFlow: seconds

    export = Export(path)
    if get_signature(recipe) not in export.signatures:
        export.close()
        has = ", ".join(sorted(export.signatures)) or "none"
        raise ValueError(
            f"{path} is no model of {recipe.name}: it has no signature {get_signature(recipe)} (there: {has})"
        )
    return export


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
