"""`tfx-ocr new`: a recipe of one's own, drafted from one's data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.recipes import RECIPES, get_file


def create(
    name: Annotated[str, typer.Argument(help="Name of the recipe to write.")],
    data: Annotated[str, typer.Option(help="Folder of labelled pictures or pages, of any format that is known.")],
    minutes: Annotated[float, typer.Option(help="Time for a run on two cores.", min=2)] = 10,
) -> None:
    """Look at DATA and write a recipe for it.

    The recipe is `recipes/NAME.toml`, every value with its reason.

    Examples:
      tfx-ocr new letters --data ~/letters

    Exit status: 0 the recipe was written, 2 it cannot be.
    """
    from tfx_ocr.pipeline.recipes import toml_file

    toml_file.check_file_name(name)
    file = get_file(name, settings_of.load().recipes)
    if name in RECIPES:
        raise ValueError(f"a recipe that ships is called {name!r}: choose another name")
    if file.exists():
        raise ValueError(f"{file} exists: choose another name, or remove the file first")
    from tfx_ocr.pipeline.recipes.draft import draft_recipe
    from tfx_ocr.pipeline.recipes.toml_text import format_recipe

    draft = draft_recipe(name, Path(data), minutes)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as opened:
        opened.write(format_recipe(draft.recipe, draft.comments))
    for line in draft.found:
        print(line)
    print(f"\n{file}")
    for line in draft.chosen:
        print(f"  {line}")
    print(f"\nnext: tfx-ocr run {name} --data {data}")
