"""The models this project trains: one object a file, nothing but values."""

from __future__ import annotations

from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data.registry import load_named

RECIPES = {
    "digits": "tfx_ocr.pipeline.recipes.digits:DIGITS",
    "hangul": "tfx_ocr.pipeline.recipes.hangul:HANGUL",
    "invoices": "tfx_ocr.pipeline.recipes.invoices:INVOICES",
    "lines": "tfx_ocr.pipeline.recipes.lines:LINES",
}

DEFAULT = "digits"


def get_recipe(name: str) -> Recipe:
    """Import and return the recipe that `name` stands for.

    Raises:
        ValueError: the recipe is unknown; the known ones are named.
    """
    return load_named(RECIPES, name, "recipe")
