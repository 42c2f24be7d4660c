"""`tfx-ocr predict`: ask a recipe's model about files, in this process or behind a server."""

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
    from tfx_ocr.pipeline.prediction import Prediction

TIMEOUT_S = 60.0  # of a request to a server
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
    from tfx_ocr.pipeline.overrides import resolve_recipe
    from tfx_ocr.serving.locations import open_model

    settings = dataclasses.replace(settings_of.load(), recipe=recipe)
    resolved = resolve_recipe(settings)  # before the files: of a picture alone, it is the recipe that is missing
    if not files:
        raise ValueError(f"no file to ask about: tfx-ocr predict {recipe} FILE...")
    if server and model:
        raise ValueError("--model and --server: give one of the two")
    if server:
        client = open_model(server, recipe, timeout_s=TIMEOUT_S)  # nothing is sent yet
        version, open_it = f"at {server}", lambda: client
    else:
        location = prediction.find_model(settings, resolved, Path(model) if model else None)
        version, open_it = location.version, lambda: prediction.open_location(resolved, location)
    sizes = resolved.examples.sizes
    predictions = prediction.predict(open_it, resolved.input.SIGNATURE, files, top, sizes)
    if as_json:
        rows = [
            {"file": one.file, "error": one.error} if one.error else {"file": one.file, **one.outputs}
            for one in predictions
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        for line in _format_table(f"{recipe} model {version}", [one for one in predictions if not one.error]):
            print(line)
    for one in predictions:
        if one.error:
            print(f"tfx-ocr: {one.file}: {one.error}", file=sys.stderr)
    raise typer.Exit(1 if any(one.error for one in predictions) else 0)


def _format_table(heading: str, predictions: Sequence[Prediction]) -> list[str]:
    """Format columns as wide as their texts; a Hangul or Chinese character is two wide."""
    from rich.cells import cell_len

    if not predictions:
        return [heading]
    has_label = features.LABEL_OUT in predictions[0].outputs
    rows = (
        [LABELS, *map(_list_label, predictions)]
        if has_label
        else [FIELDS, *(row for one in predictions for row in _list_fields(one))]
    )
    columns: list[tuple[str, ...]] = list(zip(*rows, strict=True))
    if has_label and not any(columns[-1][1:]):
        del columns[-1]  # a line has no runners-up
    widths = [max(map(cell_len, column)) for column in columns]
    lines = [
        "  ".join(text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    ]
    return [heading, *(line.rstrip() for line in lines)]


def _list_label(one: Prediction) -> tuple[str, str, str, str]:
    others = zip(
        one.outputs.get(features.LABELS_OUT, [])[1:], one.outputs.get(features.PROBABILITIES_OUT, [])[1:], strict=True
    )
    return (
        one.file,
        one.outputs[features.LABEL_OUT],
        f"{one.outputs[features.PROBABILITY_OUT]:.4f}",
        ", ".join(f"{label} {probability:.4f}" for label, probability in others),
    )


def _list_fields(one: Prediction) -> Iterator[tuple[str, str, str, str]]:
    """Yield a row per field that was found on a page."""
    columns = (features.FIELD_NAMES_OUT, features.FIELD_PROBABILITIES_OUT, features.FIELD_VALUES_OUT)
    for name, probability, value in zip(*(one.outputs[column] for column in columns), strict=True):
        if value:
            yield one.file, name, f"{probability:.4f}", value
