"""The models this project trains: one object a file, nothing but values."""

from __future__ import annotations

import importlib

from tfx_ocr.components.recipe import Recipe

RECIPES = {
    "digits": "tfx_ocr.pipeline.recipes.digits:DIGITS",
}

DEFAULT = "digits"


def recipe(name: str) -> Recipe:
    """Import and return the recipe that `name` stands for.

    Raises:
        ValueError: there is no such recipe; the known ones are named.
    """
    try:
        module, attribute = RECIPES[name].split(":")
    except KeyError:
        raise ValueError(f"no recipe {name!r}; known: {', '.join(sorted(RECIPES))}") from None
    return getattr(importlib.import_module(module), attribute)
