"""`tfx-ocr retrain`: a recipe learns from its data and the corrections together, and is pushed if it is not worse."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfx_ocr.data.samples import format_run
from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli import run

if TYPE_CHECKING:
    from tfx_ocr.components.recipe import Recipe

FOLDER = "retrain"  # in the recipe's folder
STATE = "state.json"  # likewise: which decisions a run has learnt from


def retrain(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, such as digits.")],
    queue: Annotated[str, typer.Option(help="File or postgresql:// URL of the review queue.")],
    data: Annotated[str, typer.Option(help="Folder of the data that is learnt from as well; else the sample.")] = "",
    when: Annotated[int, typer.Option(help="Do nothing before there are so many new corrections.", min=1)] = 1,
    share: Annotated[float, typer.Option(help="Of the corrections, that are held for the gate.")] = 0.2,
    weight: Annotated[int, typer.Option(help="How often a correction counts in training.", min=1, max=100)] = 4,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="field=value in place of the recipe's; may be repeated.")
    ] = None,
) -> None:
    """Retrain RECIPE on its data and the corrections of a review queue.

    Training begins with the weights that are served; while nothing was pushed, the model that ships is pushed first.

    The new version is pushed where it is not worse than the served one, neither on the data's test split nor on
    corrections of documents that no training saw. `tfx-ocr rollback` goes back.

    Examples:
      tfx-ocr retrain digits --queue review.sqlite
      tfx-ocr retrain digits --queue review.sqlite --data ~/mnist_png --when 200

    Exit status: 0 pushed, or too few new corrections, 1 refused by the gate, 2 bad use, 3 stopped by a step.
    """
    settings = settings_of.load_for(recipe, input=data)
    from tfx_ocr.pipeline.check import check
    from tfx_ocr.pipeline.corrections import count_new, describe_export, export_corrections, read_labels, write_data
    from tfx_ocr.pipeline.overrides import resolve_recipe
    from tfx_ocr.serving import versions
    from tfx_ocr.serving.review.queue import Queue

    resolved = resolve_recipe(settings)
    settings = check(resolved, settings)
    run.require_tfx()
    if versions.find_newest(settings.serving_dir) is None and not resolved.pretrained:
        raise ValueError(f"no version of {recipe} in {settings.serving_dir}: begin with `{format_run(recipe)}`")
    opened = Queue(queue, create=False)
    folder = settings.folder / FOLDER
    with run.lock_folder(settings) as lock:
        new = count_new(opened, recipe, _read_state(folder))
        if new < when:
            print(f"{recipe}: {new:,} new corrections, where {when:,} are needed: nothing to do")
            return
        shutil.rmtree(folder / "data", ignore_errors=True)
        exported = export_corrections(opened, recipe, folder / "data", share, weight)
        print(describe_export(exported), flush=True)
        if not exported.train + exported.labels:
            raise ValueError(f"{opened.path}: no correction of {recipe} to learn from")
        write_data(resolved, Path(settings.input), folder / "data", read_labels(opened, recipe))
        version = versions.find_newest(settings.serving_dir) or _push_shipped(resolved.pretrained, settings.serving_dir)
        values = _list_values(resolved, versions.get_folder(settings.serving_dir, version))
        overrides = settings.join_overrides([*values, *(override or [])])
        settings = dataclasses.replace(settings, input=str(folder / "data"), overrides=overrides)
        resolved = resolve_recipe(settings)
        status = run.run_once(resolved, check(resolved, settings), lock)
        if status in run.JUDGED:  # a model that was refused has learnt from them too: more are needed
            (folder / STATE).write_text(json.dumps({"last": exported.last}), encoding="utf-8")
    raise typer.Exit(status)


def _push_shipped(name: str, serving_dir: str) -> int:
    """Push the model that ships, for the gate to compare with and for a rollback to go back to; return its version."""
    from tfx_ocr.data import pretrained
    from tfx_ocr.serving import versions

    shipped = pretrained.get_folder(name)
    version = versions.publish(shipped, serving_dir, versions.read_manifest(shipped)).version
    print(f"served: version {version} in {serving_dir}, the model that ships", flush=True)
    return version


def _read_state(folder: Path) -> int:
    """Return the number of the newest decision that a run has learnt from; 0 before the first."""
    try:
        return int(json.loads((folder / STATE).read_text(encoding="utf-8"))["last"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return 0


def _list_values(recipe: Recipe, served: Path) -> list[str]:
    """Return what is other than in the recipe, as overrides."""
    from tfx_ocr.components.evaluator.metrics import choose_family, get_metrics

    compared = list(recipe.gate.at_most_worse) or get_metrics(choose_family(recipe.task, recipe.gate)).NAMES[:1]
    return [
        "examples.readers=('tfrecord',)",
        f"trainer.initial_weights={served}",
        "trainer.keep_statistics=True",
        *(f"gate.corrections_at_most_worse.{name}=0.0" for name in compared),
    ]
