"""`tfx-ocr report`: where the newest run's report is and what it says."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.data.samples import format_run
from tfx_ocr.pipeline import last_run
from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli import run
from tfx_ocr.pipeline.recipes import DEFAULT, check_name


def report(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe.")] = DEFAULT,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Say how RECIPE's newest run ended and where its report is.

    Examples:
      tfx-ocr report digits --open
    """
    settings = settings_of.load_for(recipe)
    check_name(recipe, settings.recipes)
    result = last_run.read(settings)
    if not result:
        if run.is_locked(settings):
            raise ValueError(f"a run of {recipe} in {settings.folder} has not ended yet: wait for its end")
        raise ValueError(f"no run of {recipe} in {settings.folder}: begin with `{format_run(recipe)}`")
    for line in last_run.format_lines(result):
        print(line)
    if show and "report" in result:
        webbrowser.open(Path(result["report"]).as_uri())
    raise typer.Exit(last_run.EXIT[result["status"]])
