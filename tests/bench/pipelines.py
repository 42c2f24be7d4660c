"""Whole runs for the benches: a recipe's pipeline over data, in this process, and what its Evaluator judged."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import results


def data_folder(name: str) -> pathlib.Path:
    """Return a real set: the folder `name` in TFX_OCR_DATA, by default in `../shared/data` from the project's root.

    Raises:
        FileNotFoundError: it is not there.
    """
    path = pathlib.Path(os.environ.get("TFX_OCR_DATA", results.ROOT.parent / "shared" / "data"), name)
    if not path.exists():
        raise FileNotFoundError(f"no {name} in {path.parent}: set TFX_OCR_DATA to the folder that holds it")
    return path


def train_and_judge(
    recipe: str, data: pathlib.Path, home: pathlib.Path, *, network: str = "", overrides: str = ""
) -> dict[str, Any]:
    """Run the pipeline, which goes on where a killed run stopped.

    Args:
        recipe: its name.
        data: what it reads.
        home: folder of everything that it writes.
        network: instead of the recipe's.
        overrides: values put into the recipe, such as `trainer.epochs=5`.

    Returns:
        What `gate.json` holds: `metrics`, `intervals`, `n` and so on.

    Raises:
        ValueError: the recipe does not judge on its test split.
    """
    import tfx.v1 as tfx  # minutes of training follow; --help need not wait for it

    from tfx_ocr.pipeline import graph
    from tfx_ocr.pipeline.overrides import resolve_recipe
    from tfx_ocr.pipeline.settings import Settings

    settings = Settings(recipe=recipe, home=str(home), input=str(data), network=network, overrides=overrides)
    settings.folder.mkdir(parents=True, exist_ok=True)  # ML Metadata's file is there
    tfx.orchestration.LocalDagRunner().run(graph.build(resolve_recipe(settings), settings))
    newest = max(
        pathlib.Path(settings.root).glob("Evaluator/evaluation/*/gate.json"), key=lambda path: int(path.parent.name)
    )
    gate: dict[str, Any] = json.loads(newest.read_text())
    if gate["split"] != "test":
        raise ValueError(f"the recipe judges on {gate['split']}; this bench wants the test split")
    return gate


def model(recipe: str, home: pathlib.Path) -> pathlib.Path:
    """Return the export of the newest model that a run in `home` trained, pushed or not."""
    folders = pathlib.Path(home, recipe, "pipeline", "Trainer", "model").glob("*/Format-Serving")
    return max(folders, key=lambda path: int(path.parent.name))


def judge(recipe: str, data: pathlib.Path, home: pathlib.Path) -> dict[str, Any]:
    """Return what `tfx-ocr evaluate --split all` finds of that model on other data."""
    from tfx_ocr.pipeline.evaluation import evaluate
    from tfx_ocr.pipeline.settings import Settings

    return evaluate(Settings(recipe=recipe, home=str(home)), data, model(recipe, home), "all")


def judge_shipped(recipe: str, data: pathlib.Path, decoding: Any = None) -> dict[str, Any]:
    """Return what `tfx-ocr evaluate --split all` finds of the model that ships on other data, lines decoded so."""
    from tfx_ocr.data import pretrained
    from tfx_ocr.pipeline.evaluation import evaluate
    from tfx_ocr.pipeline.settings import Settings

    return evaluate(Settings(recipe=recipe), data, pretrained.get_folder(recipe), "all", decoding)


def row(measure: str, verdict: dict[str, Any], metric: str, of: str, command: str) -> results.Row:
    """Return one metric of a verdict with its 95 % interval.

    Args:
        measure: in words.
        verdict: what `gate.json` holds, or `judge` found.
        metric: its name there; a share of one.
        of: what was judged, in the plural.
        command: what measures it again.
    """
    return results.Row(
        measure=measure,
        value=verdict["metrics"][metric],
        unit="fraction",
        n=f"{verdict['n']:,} {of}",
        spread=tuple(verdict["intervals"][metric]),
        command=command,
    )
