"""The models to train: those this project ships, one Python object a file, and users' own, one TOML file each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfx_ocr.data.registry import load_named, make_unknown_error
from tfx_ocr.serving import settings

if TYPE_CHECKING:
    from tfx_ocr.components.recipe import Recipe

RECIPES = {
    "digits": "tfx_ocr.pipeline.recipes.digits:DIGITS",
    "hangul": "tfx_ocr.pipeline.recipes.hangul:HANGUL",
    "invoices": "tfx_ocr.pipeline.recipes.invoices:INVOICES",
    "lines": "tfx_ocr.pipeline.recipes.lines:LINES",
    "pages": "tfx_ocr.pipeline.recipes.pages:PAGES",
    "print": "tfx_ocr.pipeline.recipes.print:PRINT",
}

DEFAULT = "digits"
FOLDER = settings.RECIPES


def get_file(name: str, folder: str = FOLDER) -> Path:
    """Return the file of a recipe of one's own, whether it exists or not."""
    return Path(folder) / f"{name}.toml"


def list_names(folder: str = FOLDER) -> list[str]:
    """List the names of the recipes that ship, then those of users' own in `folder`."""
    return [*RECIPES, *sorted(path.stem for path in Path(folder).glob("*.toml"))]


def check_name(name: str, folder: str = FOLDER) -> None:
    """Check a recipe's name without importing or reading the recipe.

    Args:
        name: of a recipe that ships, or of a file `NAME.toml` in `folder`.
        folder: of users' own recipes.

    Raises:
        ValueError: the recipe is unknown, and the known ones are named; or a file has the name of one that ships.
    """
    file = get_file(name, folder)
    if name in RECIPES and file.exists():
        raise ValueError(f"{file}: {name!r} is the name of a recipe that ships; rename the file")
    if name not in RECIPES and not (Path(name).name == name and file.is_file()):
        raise make_unknown_error(f"no recipe {name!r}", list_names(folder))


def get_recipe(name: str, folder: str = FOLDER) -> Recipe:
    """Return the recipe that ships as `name`, imported, or read from `NAME.toml` in `folder`.

    Raises:
        ValueError: as `check_name`; or the file is not right.
    """
    check_name(name, folder)
    if name in RECIPES:
        return load_named(RECIPES, name, "recipe")
    from tfx_ocr.pipeline.recipes import toml_file  # imports pydantic

    return toml_file.read_recipe(get_file(name, folder))
