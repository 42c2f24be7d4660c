"""`tfx-ocr predict`: what a recipe's model says to files, asked in this process or of a server."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfx_ocr.data import features
from tfx_ocr.pipeline import settings as settings_of

if TYPE_CHECKING:
    from tfx_ocr.pipeline.prediction import Answer

LABELS = ("file", "label", "probability", "runners-up")
FIELDS = ("file", "field", "probability", "value")


def predict(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures (PNG, JPEG, GIF, BMP, TIFF, WebP), or pages (PAGE XML, ALTO).", metavar="FILE..."
        ),
    ] = None,
    server: Annotated[
        str, typer.Option(help="HOST:PORT (gRPC) or http://HOST:PORT (REST) of a model server to ask instead.")
    ] = "",
    model: Annotated[
        str, typer.Option(help="Folder of an exported model; else the newest pushed, or the shipped one.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of the table.")] = False,
    top: Annotated[int, typer.Option(help="Best classes that are told.", min=1)] = 3,
) -> None:
    """Ask RECIPE's model about each FILE.

    The model is the newest pushed version, or the one that ships with the project while nothing was pushed.

    Examples:
      tfx-ocr predict digits scan.png photo.jpg

      tfx-ocr predict digits *.tif --json --top 1

      tfx-ocr predict digits scan.png --server localhost:8500

      tfx-ocr predict invoices page.xml

    Exit status: 0 every file was answered, 1 one or more were not, 2 bad use, or a server that does not answer.
    """
    from tfx_ocr.pipeline import prediction
    from tfx_ocr.pipeline.chosen import resolve_recipe
    from tfx_ocr.serving.client import RequestError

    settings = dataclasses.replace(settings_of.load(), recipe=recipe)
    it = resolve_recipe(settings)  # before the files: of a picture alone, it is the recipe that is missing
    if not files:
        raise ValueError(f"no file to ask about: tfx-ocr predict {recipe} FILE...")
    try:
        with prediction.open_model(settings, it, Path(model) if model else None, server) as (name, ask):
            answers = prediction.predict(it, files, ask, top)
    except RequestError as error:
        raise ValueError(str(error)) from error
    if as_json:
        said = [
            {"file": one.file, "error": one.error} if one.error else {"file": one.file, **one.outputs}
            for one in answers
        ]
        print(json.dumps(said, indent=1, ensure_ascii=False))
    else:
        for line in _table(f"{recipe} model {name}", [one for one in answers if not one.error]):
            print(line)
    for one in answers:
        if one.error:
            print(f"tfx-ocr: {one.file}: {one.error}", file=sys.stderr)
    raise typer.Exit(1 if any(one.error for one in answers) else 0)


def _table(heading: str, answers: Sequence[Answer]) -> list[str]:
    """Columns as wide as what is in them; a Hangul or Chinese character is two wide."""
    from rich.cells import cell_len

    if not answers:
        return [heading]
    has_label = features.LABEL_OUT in answers[0].outputs
    rows = [LABELS, *map(_label, answers)] if has_label else [FIELDS, *(row for one in answers for row in _fields(one))]
    columns: list[tuple[str, ...]] = list(zip(*rows, strict=True))
    if has_label and not any(columns[-1][1:]):
        del columns[-1]  # a line has no runners-up
    widths = [max(map(cell_len, column)) for column in columns]
    lines = [
        "  ".join(text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    ]
    return [heading, *(line.rstrip() for line in lines)]


def _label(one: Answer) -> tuple[str, str, str, str]:
    others = zip(
        one.outputs.get(features.LABELS_OUT, [])[1:], one.outputs.get(features.PROBABILITIES_OUT, [])[1:], strict=True
    )
    return (
        one.file,
        one.outputs[features.LABEL_OUT],
        f"{one.outputs[features.PROBABILITY_OUT]:.4f}",
        ", ".join(f"{label} {probability:.4f}" for label, probability in others),
    )


def _fields(one: Answer) -> Iterator[tuple[str, str, str, str]]:
    """The fields that were found on a page."""
    columns = (features.FIELD_NAMES_OUT, features.FIELD_PROBABILITIES_OUT, features.FIELD_VALUES_OUT)
    for name, probability, value in zip(*(one.outputs[column] for column in columns), strict=True):
        if value:
            yield one.file, name, f"{probability:.4f}", value
