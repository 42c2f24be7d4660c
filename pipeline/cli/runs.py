"""`tfx-ocr runs`: the runs of a recipe."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli.table import format_columns


def print_runs(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe.")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of the table.")] = False,
) -> None:
    """List the runs of RECIPE: how each ended and what it pushed.

    The newest comes first.

    Examples:
      tfx-ocr runs digits
    """
    from tfx_ocr.pipeline import history, metadata

    settings = settings_of.load_for(recipe)
    found = history.list_runs(metadata.open_store(settings), recipe)
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    rows = [("began", "status", "steps", "version", "metrics")]
    for each in found:
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in list((each["metrics"] or {}).items())[:2])
        steps = f"{each['ran']} of {each['ended']} ran"
        rows.append((each["began"], each["status"], steps, str(each["version"] or "–"), metrics or "–"))
    print("\n".join(format_columns(rows)))
