"""A recipe trained again on other parts of its data: folds judge by every record, a curve tells whether more data pays.

Each training is a run in a home of its own below the recipe's folder; what they reached goes into the recipe's report.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfx_ocr.components.artifacts import ANSWERS, SPLITS, SUMMARY_FILE
from tfx_ocr.components.evaluator import gate as gates
from tfx_ocr.components.evaluator.metrics import choose_family, get_metrics
from tfx_ocr.components.example_gen.splits import Divider
from tfx_ocr.components.recipe import Recipe, Split
from tfx_ocr.components.report.repeats import describe_repeats
from tfx_ocr.data.survey import survey_data
from tfx_ocr.pipeline import data_check, last_run
from tfx_ocr.pipeline.settings import Settings

FILE = "repeats.json"  # in the recipe's folder
FOLDER = "repeats"  # likewise
CURVE = (4, 2)  # of so many records of train one is trained on
SEEDS = 50  # of the division that are tried
FEW = 500  # records, files or groups, from which on one seed divides as evenly as another


def read_results(settings: Settings) -> str:
    """Return what `write_results` wrote; "" where nothing was."""
    file = settings.folder / FILE
    return file.read_text(encoding="utf-8") if file.exists() else ""


def write_results(settings: Settings, recipe: Recipe, folds: Sequence[Settings], curve: Sequence[Settings]) -> None:
    """Keep what the runs of folds and of a curve reached, for the report."""
    results: dict[str, Any] = {}
    if folds:
        results["folds"] = _read_folds(recipe, folds)
    if curve:
        results["curve"] = _read_curve(curve)
    (settings.folder / FILE).write_text(json.dumps(results, sort_keys=True), encoding="utf-8")


def describe_results(settings: Settings) -> list[str]:
    """Return sentences about what was reached, beside what the recipe's own run did."""
    results, verdict = json.loads(read_results(settings)), last_run.read(settings)["verdict"]
    return describe_repeats(results, verdict, _count_train(settings))


def plan_folds(recipe: Recipe, settings: Settings, count: int) -> list[Settings]:
    """Return the settings of `count` runs; each record is a test record in one of them.

    Of a division of few records, or of records in few files or groups, the seed of `SEEDS` is taken whose folds are
    most even.

    Args:
        recipe: the recipe.
        settings: of its run.
        count: of folds, 2 or more.

    Raises:
        ValueError: the data or the recipe states who is tested, or the records are too few.
    """
    if count < 2:
        raise ValueError(f"--folds is {count}: give 2 or more")
    survey = survey_data(Path(settings.input), recipe.examples.readers, lambda *_: None)
    rule = recipe.examples.split
    if rule.eval_groups or rule.test_groups or any(each.split in ("eval", "test") for each in survey.kept):
        raise ValueError("--folds divides all of the data, and the data or the recipe states its eval or test split")
    rule = dataclasses.replace(rule, test=1 / count, eval=min(rule.eval or 0.1, 0.5 - 0.5 / count))
    keys = collections.Counter(data_check.get_key(each, rule) for each in survey.kept)
    seeds = range(SEEDS) if len(keys) < FEW else (rule.seed,)
    rules = [dataclasses.replace(rule, seed=seed) for seed in seeds]
    rule = min(rules, key=lambda each: _measure_folds(keys, each, count))
    if _measure_folds(keys, rule, count)[0]:
        raise ValueError(f"{len(survey.kept)} records are too few for {count} folds: a split would be empty")
    fields = {"eval": rule.eval, "test": rule.test, "seed": rule.seed}
    plan = [{**fields, "turn": fold / count} for fold in range(count)]
    return [
        _derive(
            recipe, settings, f"fold-{fold + 1}-of-{count}", {f"examples.split.{name}": each[name] for name in each}
        )
        for fold, each in enumerate(plan)
    ]


def _measure_folds(keys: Mapping[str, int], rule: Split, count: int) -> tuple[int, int]:
    """Return how many splits are empty, and by how many records the folds' tests differ in size.

    Args:
        keys: what is never cut in two, with its number of records.
        rule: of the first fold.
        count: of folds.
    """
    sizes = []
    for fold in range(count):
        divider = Divider(dataclasses.replace(rule, turn=fold / count), ())
        size = collections.Counter[str]()
        for key, records in keys.items():
            size[divider.choose_split("", key)] += records
        sizes.append(size)
    tests = [size["test"] for size in sizes]
    return sum(not size[split] for size in sizes for split in SPLITS), max(tests) - min(tests)


def plan_curve(recipe: Recipe, settings: Settings) -> list[Settings]:
    """Return the settings of runs on a part of train, each of as many steps as that on all of it."""
    stages = {f"trainer.stages.{stage.name}.epochs": stage.epochs for stage in recipe.trainer.stages}
    epochs = stages or {"trainer.epochs": recipe.trainer.epochs}
    return [
        _derive(
            recipe,
            settings,
            f"each-of-{every}",
            {"trainer.every": every, **{field: min(count * every, 10_000) for field, count in epochs.items()}},
        )
        for every in CURVE
    ]


def _derive(recipe: Recipe, settings: Settings, name: str, values: Mapping[str, Any]) -> Settings:
    """Return the settings of a run in a home of its own, which begins with the same weights."""
    overrides = [f"{field}={value}" for field, value in values.items()]
    return build_settings(recipe, settings, settings.folder / FOLDER / name, overrides)


def build_settings(recipe: Recipe, settings: Settings, home: Path, overrides: Sequence[str]) -> Settings:
    """Return the settings of a run in another home, with more overrides, with the weights that the recipe names."""
    if weights := recipe.trainer.initial_weights:
        overrides = [*overrides, f"trainer.initial_weights={shlex.quote(weights)}"]
    if members := recipe.trainer.members:
        overrides = [*overrides, shlex.quote(f"trainer.members={members!r}")]
    joined = " ".join([settings.overrides, *overrides]).strip()
    return dataclasses.replace(settings, home=str(home), serving="", pipeline_root="", metadata="", overrides=joined)


def _read_folds(recipe: Recipe, folds: Sequence[Settings]) -> dict[str, Any]:
    """Return `n`, `metrics` and `intervals` over all folds, as in `gate.json`, and the number of `folds`.

    Each record is judged once, by a model that never saw it.
    """
    pairs: collections.Counter[tuple[str, str]] = collections.Counter()
    for fold in folds:
        answers = read_answers(find_artifact(fold, "Evaluator", "evaluation"))
        pairs.update((answer["reference"], answer["answer"]) for answer in answers)
    family = get_metrics(choose_family(recipe.task, recipe.gate))
    gate = dataclasses.replace(recipe.gate, at_most_worse={})
    verdict = gates.judge(recipe.name, gate, family, pairs, None, "")
    return {name: verdict[name] for name in ("n", "metrics", "intervals")} | {"folds": len(folds)}


def _read_curve(runs: Sequence[Settings]) -> list[dict[str, Any]]:
    """Return of each run of a curve how many `records` it was trained on, and the `metrics` that it reached."""
    found = []
    for settings, every in zip(runs, CURVE, strict=True):
        records = math.ceil(_count_train(settings) / every)
        found.append({"records": records, "metrics": last_run.read(settings)["verdict"]["metrics"]})
    return found


def _count_train(settings: Settings) -> int:
    summary = (find_artifact(settings, "ExampleGen", "examples") / SUMMARY_FILE).read_text(encoding="utf-8")
    return int(json.loads(summary)["splits"]["train"])


def read_answers(evaluation: Path) -> Iterator[dict[str, Any]]:
    """Yield what the Evaluator left of each record in an artifact's folder, see `components.evaluator.answers`."""
    for file in sorted(evaluation.glob(f"{ANSWERS}-*.jsonl")):
        yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())


def find_artifact(settings: Settings, step: str, name: str) -> Path:
    """Return the folder that a step left in the newest run, by the artifact's name."""
    uris = last_run.read(settings)[last_run.KEY]["artifacts"]
    return next(Path(uri) for uri in uris if Path(uri).parts[-3:-1] == (step, name))
