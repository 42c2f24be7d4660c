"""`tfx-ocr pack`: what a training needs, for a machine that has a GPU and no TFX."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.pipeline import settings as settings_of


def pack(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, such as lines.")],
    out: Annotated[Path, typer.Option(help="Folder to write; a pack that is there and was not trained is replaced.")],
    data: Annotated[str, typer.Option(help="Folder of the data; else the sample.")] = "",
    network: Annotated[str, typer.Option(help="Network in place of the recipe's.")] = "",
    override: Annotated[
        list[str] | None, typer.Option("--set", help="field=value in place of the recipe's; may be repeated.")
    ] = None,
) -> None:
    """Pack what the training of RECIPE needs, to train where a GPU is.

    Reads, divides, checks and prepares DATA by the steps that `tfx-ocr run` begins with, so that the same records are
    trained on and judged by.

    Examples:
      tfx-ocr pack lines --data ~/lines --out lines.pack

    Exit status: 0 the pack is there, 2 it cannot be.
    """
    settings = settings_of.load_for(recipe, override, input=data, network=network)
    from tfx_ocr.components.trainer.pack import refuse_other
    from tfx_ocr.pipeline.check import check, import_code, refuse_elsewhere
    from tfx_ocr.pipeline.cli.run import lock_folder, require_tfx
    from tfx_ocr.pipeline.data_check import check_data
    from tfx_ocr.pipeline.overrides import resolve_recipe

    resolved = resolve_recipe(settings)
    require_tfx()  # before the sample is written
    settings = check(resolved, settings)
    refuse_elsewhere(resolved, settings)
    refuse_other(out)
    out.absolute().parent.mkdir(parents=True, exist_ok=True)
    with lock_folder(settings):
        import_code(resolved)
        for line in check_data(resolved, Path(settings.input)):
            print(line, flush=True)
        from tfx_ocr.pipeline import pack as packing

        packed = packing.pack(resolved, settings, out.absolute())
    counts = ", ".join(f"{split} {count:,}" for split, count in packed.records.items())
    print(f"packed: {counts} records in {out}")
    print(f"next, where a GPU is: python -m tfx_ocr.components.trainer.elsewhere {out}")
