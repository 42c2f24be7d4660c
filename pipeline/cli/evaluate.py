"""`tfx-ocr evaluate`: a model on any data that a reader of its recipe knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli.decoding import Beams, LanguageModelFile, build_decoding
from tfx_ocr.pipeline.recipes import check_name


def evaluate(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe.")],
    data: Annotated[str, typer.Option(help="Folder of images or pages, idx files, TFRecords or a CSV.")],
    out: Annotated[str, typer.Option("--json", help="File for the numbers as JSON.")] = "",
    model: Annotated[
        str, typer.Option(help="Folder of an exported model; else the newest pushed, or the shipped one.")
    ] = "",
    beams: Beams = 0,
    language_model: LanguageModelFile = "",
    split: Annotated[str, typer.Option(help="train, eval, test or all; else test where the data names one.")] = "",
) -> None:
    """Judge RECIPE's model on DATA by the recipe's metrics and gate.

    The model is the newest pushed version, or the one that ships with the project while nothing was pushed.

    Examples:
      tfx-ocr evaluate digits --data ~/mnist_png --json mnist.json

      tfx-ocr evaluate lines --data my_lines --language-model vi.json.gz

    Exit status: 0 at or above the gate, 1 below it, 2 bad use.
    """
    settings = settings_of.load_for(recipe)
    check_name(recipe, settings.recipes)
    if not Path(data).is_dir():
        raise ValueError(f"no folder {data}: give the one that holds the data to judge")
    from tfx_ocr.pipeline.evaluation import evaluate

    if out:
        Path(out).touch()  # a place that cannot be written is told before the work, not after it
    result = evaluate(
        settings, Path(data), Path(model) if model else None, split, build_decoding(beams, language_model)
    )
    if out:
        Path(out).write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for line in _lines(result):
        print(line)
    raise typer.Exit(0 if result["blessed"] else 1)


def _lines(result: dict[str, Any]) -> list[str]:
    from tfx_ocr.components.evaluator.gate import summarize

    aside = result["set_aside"]
    said = [f"{result['recipe']} model {result['model']['version']} on {result['data']}", summarize(result)]
    if seen := result["seen"]["n"]:
        told = result["seen"]["of"]
        said.append(f"the model was trained on {seen} of {told} records: these numbers are not of new ones")
    if aside["n"]:
        reasons = ", ".join(f"{count} {what}" for what, count in aside["reasons"].items())
        said.append(f"{aside['n']} set aside: {reasons}")
        said.append(f"  such as {aside['examples'][0]['source']}: {aside['examples'][0]['reason']}")
    return said
