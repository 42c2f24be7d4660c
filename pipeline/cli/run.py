"""`tfx-ocr run`: a recipe's pipeline on this machine, by the real `tfx` command line."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfx_ocr.pipeline import last_run
from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.last_run import EXIT, shorten_path
from tfx_ocr.pipeline.settings import Settings

if TYPE_CHECKING:
    from tfx_ocr.components.recipe import Recipe

LOCK = "running.lock"  # in the recipe's folder
TEMPORARY = "tmp"  # likewise
JUDGED = EXIT["pushed"], EXIT["refused"]


def run(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, such as digits.")],
    data: Annotated[
        str, typer.Option(help="Folder of images or pages, idx files, TFRecords or a CSV; else the sample.")
    ] = "",
    network: Annotated[str, typer.Option(help="Network in place of the recipe's, such as inception_v3 or mlp.")] = "",
    override: Annotated[
        list[str] | None, typer.Option("--set", help="field=value in place of the recipe's; may be repeated.")
    ] = None,
    tune: Annotated[bool, typer.Option("--tune", help="Search the head's units and dropout before training.")] = False,
    folds: Annotated[int, typer.Option(help="Train so many times more, to judge by every record once.", min=0)] = 0,
    curve: Annotated[
        bool, typer.Option("--curve", help="Train on a quarter and a half too: does more data pay?")
    ] = False,
    accept_data: Annotated[
        str, typer.Option(help="Why data that drifted from that of the served version is trained on.", metavar="WHY")
    ] = "",
) -> None:
    """Run RECIPE: from files to a judged, pushed model and a report.

    Only what changed since the last run is done again; after an interruption the same command goes on.

    Examples:
      tfx-ocr run digits

      tfx-ocr run digits --data ~/mnist_png --network inception_v3

      tfx-ocr run digits --set trainer.epochs=5 --set gate.at_least.accuracy=0.99

      tfx-ocr run meters --data ~/meters --folds 5 --curve

      tfx-ocr run digits --data ~/june --accept-data "zeros are left out since June"

    Exit status: 0 pushed (or pushed before and unchanged), 1 refused by the gate, 2 bad use, 3 stopped by a step.
    """
    settings = settings_of.load_for(
        recipe, override, input=data, network=network, tune="1" if tune else "", accept_data=accept_data
    )
    from tfx_ocr.pipeline.check import check
    from tfx_ocr.pipeline.overrides import resolve_recipe

    resolved = resolve_recipe(settings)
    require_tfx()  # before the sample is written
    settings = check(resolved, settings)
    if (folds or curve) and resolved.trainer.members:
        raise ValueError("--folds and --curve train again, and an ensemble trains nothing: leave trainer.members out")
    with lock_folder(settings) as lock:
        if folds or curve:
            raise typer.Exit(_repeat(resolved, settings, lock, folds, curve))
        raise typer.Exit(run_once(resolved, settings, lock))


def require_tfx() -> None:
    """Raise ModuleNotFoundError where TFX is missing, as in a light installation, without importing it."""
    if importlib.util.find_spec("tfx") is None:
        raise ModuleNotFoundError("No module named 'tfx'", name="tfx")


def _repeat(recipe: Recipe, settings: Settings, lock: int, folds: int, curve: bool) -> int:
    """Run the recipe on other parts of its data, then on all, and say what was reached; return the exit status."""
    from tfx_ocr.pipeline import repeats

    by_fold = repeats.plan_folds(recipe, settings, folds) if folds else []
    by_share = repeats.plan_curve(recipe, settings) if curve else []
    if status := run_all([*by_fold, *by_share], lock):
        return status
    repeats.write_results(settings, recipe, by_fold, by_share)
    status = run_once(recipe, settings, lock)
    if status in JUDGED:
        print(*repeats.describe_results(settings), sep="\n")
    return status


def run_all(planned: Sequence[Settings], lock: int) -> int:
    """Run several pipelines, each in its own home; return the exit status of the first that was stopped, else 0."""
    from tfx_ocr.pipeline.overrides import resolve_recipe

    for each in planned:
        each.folder.mkdir(parents=True, exist_ok=True)
        status = run_once(resolve_recipe(each), each, lock)
        if status not in JUDGED:
            return status
    return 0


def run_once(recipe: Recipe, settings: Settings, lock: int) -> int:
    """Run the pipeline, unless nothing changed, and return the exit status."""
    from tfx_ocr.pipeline import metadata, metadata_lock, unchanged
    from tfx_ocr.pipeline.check import import_code
    from tfx_ocr.pipeline.data_check import check_data

    print(f"{recipe.name}: {shorten_path(settings.input)} -> {shorten_path(str(settings.folder))}", flush=True)
    result = unchanged.recall(recipe, settings)
    if result is None:
        metadata_lock.refuse_locked(settings)
        metadata.reserve_database(settings)
        import_code(recipe)
        if "://" not in settings.input:
            for line in check_data(recipe, Path(settings.input)):
                print(line, flush=True)
        return _tfx(settings, lock)
    last_run.write(settings, result)
    for line in last_run.format_lines(result):
        print(line)
    return EXIT[result["status"]]


@contextlib.contextmanager
def lock_folder(settings: Settings) -> Iterator[int]:
    """Keep other runs out of the recipe's folder.

    Yields:
        The lock's file descriptor, for processes to inherit: the system opens the lock when all who have it are gone.

    Raises:
        ValueError: another run is in it.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    with (settings.folder / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"another run of {settings.recipe} is under way in {settings.folder}: wait for its end, "
                "or name another folder in TFX_OCR_HOME"
            ) from None
        yield file.fileno()


def is_locked(settings: Settings) -> bool:
    """Return whether a run is in the recipe's folder now."""
    if not (settings.folder / LOCK).is_file():
        return False
    with (settings.folder / LOCK).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_registered(settings: Settings, runner: Path) -> bool:
    """Whether `tfx pipeline create` was here and left an entry that `tfx run create` can use."""
    try:
        entry = json.loads((settings.tfx_home / settings.recipe / "pipeline_args.json").read_text(encoding="utf-8"))
        return entry["pipeline_dsl_path"] == str(runner)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _tfx(settings: Settings, lock: int) -> int:
    """Register the pipeline if it is not, run it, and return the exit status that fits how the run ended."""
    runner = Path(__file__).parents[1] / "local_runner.py"
    tfx = Path(sys.executable).with_name("tfx")
    log = settings.folder / "logs" / "tfx.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    temporary = settings.folder / TEMPORARY
    for left in (temporary, *Path(settings.root).glob("*/.system/executor_execution/*/.temp")):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    temporary.mkdir()
    environment = {
        **os.environ,
        **settings.to_environment(),
        "LOCAL_HOME": str(settings.tfx_home),
        "TMPDIR": str(temporary),
        "PATH": f"{tfx.parent}{os.pathsep}{os.environ.get('PATH', '')}",  # tfx calls pip from PATH
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    commands = [["run", "create", "--engine=local", f"--pipeline_name={settings.recipe}"]]
    if not _is_registered(settings, runner):
        shutil.rmtree(settings.tfx_home / settings.recipe, ignore_errors=True)  # `tfx` would refuse what is left of one
        commands.insert(0, ["pipeline", "create", "--engine=local", f"--pipeline_path={runner}"])
    before = last_run.read(settings)
    for command in commands:
        print(f"$ tfx {' '.join(command[:3])}", flush=True)
        with log.open("ab") as errors:
            code = subprocess.run([str(tfx), *command], env=environment, stderr=errors, pass_fds=[lock]).returncode
        if code and last_run.read(settings) == before:
            print(f"`tfx {' '.join(command[:2])}` left no result; see {shorten_path(str(log))}", file=sys.stderr)
            return EXIT["stopped"]
    return EXIT[last_run.read(settings)["status"]]
