"""`tfx-ocr synthetic`: lines drawn from fonts, of texts of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.data.registry import load_named
from tfx_ocr.data.synthetic import KINDS


def draw(
    kind: Annotated[str, typer.Argument(help=f"What to draw: {', '.join(KINDS)}.")],
    fonts: Annotated[list[Path], typer.Option(help="Font file, or folder of them; may be given again.")],
    out: Annotated[Path, typer.Option(help="Folder of the TFRecords.")],
    texts: Annotated[Path | None, typer.Option(help="File of a text per line, or folder of word lists.")] = None,
    characters: Annotated[str, typer.Option(help="Of a text; without --texts, texts are invented from them.")] = "",
    count: Annotated[int, typer.Option(help="Lines.", min=1)] = 2000,
    style: Annotated[str, typer.Option(help="form, sheet or short.")] = "sheet",
    name: Annotated[str, typer.Option(help="Of the set; train, eval or test is that split. Default: KIND.")] = "",
    seed: Annotated[int, typer.Option(help="The same gives the same pictures.")] = 7,
) -> None:
    """Draw KIND to TFRecords in OUT, to train on.

    Train on them before your own data, or mixed with it.

    Examples:
      tfx-ocr synthetic lines --fonts ~/fonts --texts words.txt --out drawn
      tfx-ocr synthetic lines --fonts ~/fonts --characters 0123456789. --style short --out drawn

    Exit status: 0 the set is there, 2 it cannot be.
    """
    write = load_named(KINDS, kind, "drawing")
    from tfx_ocr.data.synthetic.fonts import list_fonts

    write(
        out,
        list_fonts(fonts),
        count,
        seed=seed,
        styles=(style,),
        texts=texts,
        characters=characters,
        name=name or kind,
        workers=os.cpu_count() or 1,
    )
