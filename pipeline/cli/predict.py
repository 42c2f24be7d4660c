"""`tfx-ocr predict`: ask a recipe's model about files, in this process or behind a server."""

from __future__ import annotations

import collections
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfx_ocr.data import features
from tfx_ocr.pipeline import settings
from tfx_ocr.pipeline.cli.decoding import Beams, LanguageModelFile, build_decoding
from tfx_ocr.pipeline.cli.table import format_columns
from tfx_ocr.serving.locations import find_folder
from tfx_ocr.serving.predictor import N, Predictor
from tfx_ocr.serving.review.queue import Queue

if TYPE_CHECKING:
    from tfx_ocr.data.page.fields import Field
    from tfx_ocr.serving.prediction import Prediction

TIMEOUT_S = 60.0  # of a request to a server
LABELS = ("file", "label", "probability", "runners-up")
FIELDS = ("file", "field", "probability", "value", "text")


def predict(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe or of a pushed model.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures (PNG, JPEG, GIF, BMP, TIFF, WebP), or pages (PAGE XML, ALTO, hOCR).", metavar="FILE..."
        ),
    ] = None,
    server: Annotated[
        str, typer.Option(help="HOST:PORT (gRPC) or http://HOST:PORT (REST) of a model server to ask instead.")
    ] = "",
    model: Annotated[
        str, typer.Option(help="Folder of an exported model; else the newest pushed, or the shipped one.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of the table.")] = False,
    top: Annotated[int, typer.Option(help="How many of the best classes to print.", min=1)] = N,
    min_confidence: Annotated[
        float, typer.Option(help="Probability below which an answer is refused, from 0 to 1.", min=0.0, max=1.0)
    ] = 0.0,
    whitelist: Annotated[
        str,
        typer.Option(help="Characters that alone are answered, such as 0123456789, or an alphabet such as ks_x_1001."),
    ] = "",
    review: Annotated[
        str | None,
        typer.Option(
            help="File or postgresql:// URL of a review queue, which keeps doubtful answers with their pictures."
        ),
    ] = None,
    doubt: Annotated[float, typer.Option(help="With --review: answers below this are doubtful.")] = 0.9,
    beams: Beams = 0,
    language_model: LanguageModelFile = "",
    explain: Annotated[
        Path | None,
        typer.Option(
            help="Folder for a picture per FILE of what its answer hangs on: digits and hangul.", metavar="DIR"
        ),
    ] = None,
) -> None:
    """Ask RECIPE's model about each FILE.

    The model is the newest pushed version, or the one that ships with the project while nothing was pushed.

    Examples:
      tfx-ocr predict digits scan.png photo.jpg

      tfx-ocr predict digits *.tif --json --top 1

      tfx-ocr predict digits *.png --min-confidence 0.99

      tfx-ocr predict lines *.png --whitelist 0123456789

      tfx-ocr predict digits scan.png --server localhost:8500

      tfx-ocr predict digits *.png --review review.sqlite

      tfx-ocr predict hangul scan.png --explain out

      tfx-ocr predict invoices page.xml

      tfx-ocr predict lines scan.png --beams 16 --language-model vi.json.gz

    Exit status: 0 every file was answered, 1 one or more were not, or too uncertain, 2 bad use, or no server answers.
    """
    given = settings.load()
    if not server and not model:
        find_folder(recipe, given)  # before the files: of a picture alone, it is the recipe that is missing
    if not files:
        raise ValueError(f"no file to ask about: tfx-ocr predict {recipe} FILE...")
    if server and model:
        raise ValueError("--model and --server: give one of the two")
    if explain and whitelist:
        raise ValueError("--explain and --whitelist: give one of the two")
    decoding = build_decoding(beams, language_model)
    queue = None if review is None else Queue(review, threshold=doubt)
    if server:
        predictor = Predictor(server, recipe, whitelist=whitelist, decoding=decoding, timeout_s=TIMEOUT_S)
    else:
        predictor = Predictor(Path(model) if model else recipe, whitelist=whitelist, decoding=decoding)
    with predictor:
        predictions = list(zip(files, predictor.stream(files, top, errors="return"), strict=True))
        if explain:
            _draw_explanations(predictor, [file for file, one in predictions if one.text], explain)
    if queue:
        _offer(predictions, queue, recipe, predictor.version)
    predictions = [(file, _refuse(one, min_confidence)) for file, one in predictions]
    if as_json:
        rows = [
            {"file": file, "error": one.error}
            if one.error
            else {"file": file, **one.outputs, **_list_values(one), **({"doubt": one.doubt} if one.doubt else {})}
            for file, one in predictions
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        heading = f"{recipe} model {'at ' if server else ''}{predictor.version}"
        for line in _format_table(heading, [each for each in predictions if not each[1].error]):
            print(line)
    for file, one in predictions:
        if said := one.error or (one.doubt and f"in doubt: {one.doubt}"):
            print(f"tfx-ocr: {file}: {said}", file=sys.stderr)
    raise typer.Exit(1 if any(one.error for _, one in predictions) else 0)


def _offer(predictions: Sequence[tuple[str, Prediction]], queue: Queue, recipe: str, version: str) -> None:
    """Offer answers to a review queue and say how many are kept."""
    from tfx_ocr.serving.review.doubt import offer_prediction

    kept = [offer_prediction(queue, one, recipe=recipe, version=version, document=file) for file, one in predictions]
    print(f"tfx-ocr: {sum(map(bool, kept)):,} of {len(kept):,} answers are in {queue.path} for review", file=sys.stderr)


def _draw_explanations(predictor: Predictor, files: Sequence[str], folder: Path) -> None:
    """Write a picture for each file, under its name, with a number where another has the name."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: collections.Counter[str] = collections.Counter()
    for file, explanation in zip(files, predictor.explain(files), strict=True):
        stem = Path(file).stem
        taken[stem] += 1
        name = stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"
        explanation.draw().save(folder / f"{name}.png", optimize=True)


def _refuse(one: Prediction, min_confidence: float) -> Prediction:
    """Return a prediction, with an error where it is less confident than that."""
    if one.error or one.confidence >= min_confidence:
        return one
    said = f"no answer is sure enough: the best is {one.text!r} with {one.confidence:.4f}, below {min_confidence:g}"
    return dataclasses.replace(one, error=said)


def _format_table(heading: str, predictions: Sequence[tuple[str, Prediction]]) -> list[str]:
    """Return the heading and a row per answer, or per field of a page."""
    if not predictions:
        return [heading]
    rows: list[tuple[str, ...]]
    if features.FIELD_NAMES_OUT in predictions[0][1].outputs:
        rows = [
            FIELDS,
            *(
                (file, field.name, f"{field.confidence:.4f}", _format_value(field), field.text)
                for file, one in predictions
                for field in one.fields
            ),
        ]
    else:
        rows = [LABELS, *(_list_label(file, one) for file, one in predictions)]
    if rows[0] == LABELS and not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]  # a line has no runners-up
    return [heading, *format_columns(rows)]


def _list_values(one: Prediction) -> dict[str, dict[str, dict[str, tuple[str, ...]]]]:
    """Return what the texts of a page's dates and amounts may mean; {} without any."""
    read = {
        field.name: {"values": field.values, "currencies": field.currencies} for field in one.fields if field.values
    }
    return {"values": read} if read else {}


def _format_value(field: Field) -> str:
    """Return what a field's text may mean, `01/02/2019` as `2019-02-01 or 2019-01-02`; "" for a text alone."""
    return " ".join(" or ".join(parts) for parts in (field.values, field.values and field.currencies) if parts)


def _list_label(file: str, one: Prediction) -> tuple[str, ...]:
    others = ", ".join(f"{text} {confidence:.4f}" for text, confidence in one.alternatives)
    return file, one.text, f"{one.confidence:.4f}", others
