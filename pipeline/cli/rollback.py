"""`tfx-ocr rollback`: serve an older version again."""

from __future__ import annotations

from typing import Annotated

import typer

from tfx_ocr.serving import versions
from tfx_ocr.serving.settings import Settings, load


def roll_back(
    name: Annotated[str, typer.Argument(help="Name of a model, such as digits.")],
    to: Annotated[int | None, typer.Option(help="Version to serve again; else the one before.", min=1)] = None,
    why: Annotated[str, typer.Option(help="Reason, kept in the new version's manifest.")] = "",
) -> None:
    """Serve an older version of NAME again.

    It gets a new number: nothing is removed, and servers load it as any other.

    A run does not push the model that was rolled back again. `--to` with its number does.

    Examples:
      tfx-ocr rollback digits --why "reads crossed sevens as 4"

      tfx-ocr rollback digits --to 1795811794
    """
    serving_dir = load(Settings).get_serving_dir(name)
    before = versions.find_newest(serving_dir)
    manifest = versions.roll_back(serving_dir, to, why)
    print(f"served: version {manifest.version} in {serving_dir}, the files of {manifest.restores} in place of {before}")
