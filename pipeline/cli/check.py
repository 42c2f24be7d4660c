"""`tfx-ocr check`: what a run would set aside of some data, and why, in about a second."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.pipeline import settings as settings_of


def check(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe.")],
    data: Annotated[str, typer.Option(help="Folder of the data; else the sample.")] = "",
    all_records: Annotated[bool, typer.Option("--all", help="Look at every record, however long it takes.")] = False,
) -> None:
    """Check RECIPE and its data.

    Says what a run would set aside and why, what the splits are, and what is too little.

    Examples:
      tfx-ocr check digits --data ~/mnist_png

    Exit status: 0 a run can begin, 2 it would be stopped.
    """
    from tfx_ocr.pipeline.check import check
    from tfx_ocr.pipeline.data_check import SECONDS, check_data
    from tfx_ocr.pipeline.overrides import resolve_recipe

    settings = settings_of.load_for(recipe, input=data)
    resolved = resolve_recipe(settings)
    settings = check(resolved, settings)
    for line in check_data(resolved, Path(settings.input), 0.0 if all_records else SECONDS):
        print(line)
    print(f"next: tfx-ocr run {recipe}" + (f" --data {data}" if data else ""))
