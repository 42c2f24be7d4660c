"""The models this project trains: one object a file, nothing but values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfx_ocr.data.registry import load_named, make_unknown_error

if TYPE_CHECKING:
    from tfx_ocr.components.recipe import Recipe

RECIPES = {
    "digits": "tfx_ocr.pipeline.recipes.digits:DIGITS",
    "hangul": "tfx_ocr.pipeline.recipes.hangul:HANGUL",
    "invoices": "tfx_ocr.pipeline.recipes.invoices:INVOICES",
    "lines": "tfx_ocr.pipeline.recipes.lines:LINES",
}

DEFAULT = "digits"


def check_name(name: str) -> None:
    """Check a recipe's name without importing the recipe.

    Raises:
        ValueError: the recipe is unknown; the known ones are named.
    """
    if name not in RECIPES:
        raise make_unknown_error(f"no recipe {name!r}", RECIPES)


def get_recipe(name: str) -> Recipe:
    """Import and return the recipe that `name` stands for.

    Raises:
        ValueError: the recipe is unknown; the known ones are named.
    """
    return load_named(RECIPES, name, "recipe")
