"""`tfx-ocr trace`: which models saw an image."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli.table import format_columns
from tfx_ocr.pipeline.recipes import list_names

DIGEST = re.compile(r"[0-9a-f]{64}")


def print_trace(
    image: Annotated[str, typer.Argument(help="An image file, or the SHA-256 of one in hex.", metavar="FILE|SHA256")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of the table.")] = False,
) -> None:
    """Say which models saw an image, in which split, as which label.

    Examples:
      tfx-ocr trace scan.png

    Exit status: 0 found, 1 not in the examples of any run, 2 bad use.
    """
    from tfx_ocr.pipeline import history, metadata

    digest = image if DIGEST.fullmatch(image) else hashlib.sha256(Path(image).read_bytes()).hexdigest()
    settings, found = settings_of.load(), []
    for recipe in list_names(settings.recipes):
        of_recipe = dataclasses.replace(settings, recipe=recipe)
        if settings.metadata or of_recipe.metadata_file.is_file():
            store = metadata.open_store(of_recipe)
            found += [{"recipe": recipe, **each} for each in history.find_image(store, recipe, digest)]
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    elif found:
        rows = [("recipe", "split", "label", "source", "versions")]
        for each in found:
            numbers = ", ".join(map(str, each["versions"])) or "–"
            rows.append((each["recipe"], each["split"], each["label"], each["source"], numbers))
        print("\n".join(format_columns(rows)))
    else:
        print(f"not in the examples of any run in {settings.home}: {image}")
    raise typer.Exit(0 if found else 1)
