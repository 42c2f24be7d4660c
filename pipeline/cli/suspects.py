"""`tfx-ocr suspects`: labels of the data that are probably wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli import run


def list_suspects(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, such as digits.")],
    data: Annotated[str, typer.Option(help="Folder of labelled data; else the sample.")] = "",
    folds: Annotated[
        int, typer.Option(help="Trainings, each tested on another part; 0 asks the served model instead.", min=0)
    ] = 5,
    most: Annotated[int, typer.Option(help="Labels at most.", min=1)] = 100,
    queue: Annotated[
        str | None,
        typer.Option(help="File or postgresql:// URL of a review queue to put them into; else they are listed."),
    ] = None,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="field=value in place of the recipe's; may be repeated.")
    ] = None,
) -> None:
    """List the labels of RECIPE's data that are most likely wrong.

    A label is suspicious where a model that was not trained on it predicts something else with high confidence. Each
    line has the score, the label, what was read instead, and the source. Trainings that `tfx-ocr run --folds` has done
    are not done again. --folds 0 asks the served model, which may have learnt wrong labels, and so finds fewer.

    Examples:
      tfx-ocr suspects digits --data ~/mnist_png --most 50

      tfx-ocr suspects lines --data ~/lines --folds 0

      tfx-ocr suspects meters --data ~/meters --queue review.sqlite

    Exit status: 0 done, 2 bad use, 3 stopped by a step.
    """
    settings = settings_of.load_for(recipe, override, input=data)
    from tfx_ocr.pipeline import suspects
    from tfx_ocr.pipeline.check import check
    from tfx_ocr.pipeline.overrides import resolve_recipe
    from tfx_ocr.serving.locations import find_folder
    from tfx_ocr.serving.review.queue import Queue

    resolved = resolve_recipe(settings)
    suspects.refuse_task(resolved)
    if folds:
        run.require_tfx()
    settings = check(resolved, settings)
    opened = None if queue is None else Queue(queue)
    if folds:
        from tfx_ocr.pipeline import repeats

        planned = repeats.plan_folds(resolved, settings, folds)
        with run.lock_folder(settings) as lock:
            if status := run.run_all(planned, lock):
                raise typer.Exit(status)
        answers = suspects.read_folds(planned)
    else:
        model = find_folder(resolved.name, settings, resolved.pretrained)
        answers = suspects.ask_model(resolved, Path(settings.input), model)
    found = suspects.find_suspects(resolved, answers)
    print(f"{len(found):,} of {len(answers):,} labels are in doubt", flush=True)
    if opened:
        kept = suspects.offer_suspects(opened, resolved, Path(settings.input), found[:most])
        print(f"{kept:,} wait for review: tfx-ocr serve {recipe} --review {opened.path}")
        return
    for score, answer in ((each.score, each.answer) for each in found[:most]):
        print(f"{score:.3f}\t{answer.label}\t{answer.answer}\t{answer.source}")
