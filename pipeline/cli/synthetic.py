"""`tfx-ocr synthetic`: syllables, lines and pages drawn from fonts, of texts of one's own."""

from __future__ import annotations

import inspect
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
    characters: Annotated[
        str, typer.Option(help="Of a text; lines without --texts are invented from them. Of hangul: the syllables.")
    ] = "",
    count: Annotated[int, typer.Option(help="Lines, pages or syllables.", min=1)] = 2000,
    style: Annotated[
        list[str] | None,
        typer.Option(
            help="Of lines: form, sheet or short. Of print: clean, fax, receipt or small. Of pages: text, form, table, "
            "receipt, notes or digits. May be given again. Of hangul: strokes, handwritten or printed. Default: sheet, "
            "strokes, or all of print or pages."
        ),
    ] = None,
    writing: Annotated[
        Path | None,
        typer.Option(
            help="Of pages: data of written lines or digits, to fill them in with. Of hangul: of syllables, whose "
            "parts make others."
        ),
    ] = None,
    backgrounds: Annotated[Path | None, typer.Option(help="Of pages: folder of pictures of paper.")] = None,
    name: Annotated[str, typer.Option(help="Of the set; train, eval or test is that split. Default: KIND.")] = "",
    seed: Annotated[int, typer.Option(help="The same gives the same pictures.")] = 7,
) -> None:
    """Draw KIND to TFRecords in OUT, to train on.

    Train on them before your own data, or mixed with it.

    Examples:
      tfx-ocr synthetic lines --fonts ~/fonts --texts words.txt --out drawn
      tfx-ocr synthetic lines --fonts ~/fonts --characters 0123456789. --style short --out drawn
      tfx-ocr synthetic pages --fonts ~/fonts --writing mnist --count 200 --out drawn
      tfx-ocr synthetic hangul --fonts ~/fonts --count 20000 --out drawn
      tfx-ocr synthetic print --fonts /usr/share/fonts --texts words.txt --out drawn

    Exit status: 0 the set is there, 2 it cannot be.
    """
    write = load_named(KINDS, kind, "drawing")
    from tfx_ocr.data.synthetic.fonts import list_fonts

    of_some = {"writing": writing, "backgrounds": backgrounds}
    given = {option: value for option, value in of_some.items() if value}
    for option in given:
        if option not in inspect.signature(write).parameters:
            raise ValueError(f"--{option} is not of {kind}: leave it out")
    write(
        out,
        list_fonts(fonts),
        count,
        seed=seed,
        texts=texts,
        characters=characters,
        name=name or kind,
        workers=os.cpu_count() or 1,
        **({"styles": tuple(style)} if style else {}),
        **given,
    )
