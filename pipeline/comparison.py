"""Variants of a recipe, trained and judged on the same split: what each reaches, and how sure the differences are.

All variants run in one home below the recipe's folder, one after the other, so that the pipeline's cache reads and
transforms the data once. What has been judged is kept: a comparison that was killed goes on with the next variant.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfx_ocr.components.artifacts import HISTORY_FILE
from tfx_ocr.components.evaluator.metrics import Family, bootstrap, choose_family, get_metrics
from tfx_ocr.components.example_gen.fingerprint import compute_fingerprint
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.components.report.repeats import FIRST
from tfx_ocr.pipeline import last_run, unchanged
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.repeats import build_settings, find_artifact, read_answers
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving.portable import FOLDER as PORTABLE
from tfx_ocr.serving.portable import NETWORK

BASE = "base"  # name of the recipe as it is among the variants
FOLDER = "compare"  # in the recipe's folder: the home of all variants
TABLE, PAGE = "comparison.json", "comparison.html"  # in it


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """A recipe with some of its values replaced.

    Attributes:
        name: its overrides, or `BASE`.
        recipe: resolved.
        settings: of its run.
    """

    name: str
    recipe: Recipe
    settings: Settings

    @property
    def file(self) -> Path:
        """Where `keep_result` writes."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:16]
        return Path(self.settings.home) / "results" / f"{digest}.json"


def plan_variants(settings: Settings, changes: Sequence[str], both: Sequence[str]) -> list[Variant]:
    """Return the base and a variant for each of `changes`.

    No variant is held against a version that another pushed: `gate.at_most_worse` is empty.

    Args:
        settings: of the recipe's run, as `pipeline.check.check` gives them.
        changes: `field=value` pairs, shell words, of each variant.
        both: likewise, of all of them.

    Raises:
        ValueError: two variants are the same, one is not a recipe, or the data lies elsewhere.
    """
    if "://" in settings.input:
        raise ValueError(f"variants are compared on data of this machine, not {settings.input}: copy it into a folder")
    planned: list[Variant] = []
    for name in (BASE, *changes):
        overrides = [*both, *([name] if name != BASE else []), "gate.at_most_worse={}"]
        changed = dataclasses.replace(settings, overrides=" ".join([settings.overrides, *overrides]).strip())
        recipe = resolve_recipe(changed)
        check_recipe(recipe)
        twin = next((other.name for other in planned if other.recipe == recipe), None)
        if twin is not None:
            raise ValueError(f"variants {twin!r} and {name!r} are the same recipe: leave one out")
        home = settings.folder / FOLDER
        planned.append(Variant(name=name, recipe=recipe, settings=build_settings(recipe, settings, home, overrides)))
    return planned


def keep_result(variant: Variant) -> dict[str, Any]:
    """Keep and return how the run that has just ended judged a variant."""
    result = last_run.read(variant.settings)
    evaluation, model = (
        find_artifact(variant.settings, *name) for name in (("Evaluator", "evaluation"), ("Trainer", "model"))
    )
    history = find_artifact(variant.settings, "Trainer", "model_run") / HISTORY_FILE
    with history.open(encoding="utf-8", newline="") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    network = next(model.glob(f"**/{PORTABLE}/{NETWORK}"), None)
    kept = {
        "name": variant.name,
        "evaluation": str(evaluation),
        "epochs": len(seconds),
        "train_s": round(sum(seconds), 1),
        "network_bytes": network.stat().st_size if network else None,
        last_run.KEY: result[last_run.KEY],
    }
    variant.file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = variant.file.with_suffix(".part")
    unfinished.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(variant.file)
    return kept


def recall_result(variant: Variant) -> dict[str, Any] | None:
    """Return what `keep_result` wrote; None where it wrote nothing, or recipe, code or data changed since."""
    try:
        kept: dict[str, Any] = json.loads(variant.file.read_text(encoding="utf-8"))
        before = kept[last_run.KEY]
        now = unchanged.describe(variant.recipe, variant.settings)
        is_same = all(before[name] == now[name] for name in now) and Path(kept["evaluation"]).is_dir()
        return kept if is_same and compute_fingerprint(Path(variant.settings.input)) == before["data"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def compare_results(recipe: Recipe, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the table: how each variant does, and by how much it is better than the first on the same records.

    Args:
        recipe: by whose metrics all are judged.
        results: of `keep_result`, the base's first.

    Returns:
        `recipe`, `metric` (the one that the table is read by), `lower_is_better`, `n`, and `rows`: of each variant
        `name`, `metrics`, `intervals`, `gains` and `gain_intervals` (paired, 95 %: above 0 it is better than the base,
        in the metric's own direction), `verdict` (`better`, `worse` or `undecided` by `metric`; "" of the base),
        `epochs`, `train_s` and `network_bytes`.

    Raises:
        ValueError: variants were judged on different records.
    """
    family = get_metrics(choose_family(recipe.task, recipe.gate))
    metric = next(name for name in (*FIRST, *family.NAMES) if name in family.NAMES)
    base = _read_answers(Path(results[0]["evaluation"]))
    before = bootstrap.compute_metrics(family, [(reference, answer) for _, reference, answer in base])
    rows = []
    for result in results:
        answers = _read_answers(Path(result["evaluation"]))
        if [record for record, _, _ in answers] != [record for record, _, _ in base]:
            raise ValueError(
                f"variant {result['name']!r} was judged on other records than the base: "
                "compare variants that leave the data and its split as they are, or change those with --set-both"
            )
        rows.append(_describe_variant(family, metric, result, before, base, answers))
    rows[0]["verdict"] = ""
    return {
        "recipe": recipe.name,
        "metric": metric,
        "lower_is_better": sorted(family.LOWER_IS_BETTER),
        "n": len(base),
        "rows": rows,
    }


def _read_answers(evaluation: Path) -> list[tuple[str, str, str]]:
    """Return (record, reference, answer) of what the Evaluator asked, in the records' order."""
    return sorted((each["record"], each["reference"], each["answer"]) for each in read_answers(evaluation))


def _describe_variant(
    family: Family,
    metric: str,
    result: Mapping[str, Any],
    before: Mapping[str, float],
    base: Sequence[tuple[str, str, str]],
    answers: Sequence[tuple[str, str, str]],
) -> dict[str, Any]:
    pairs = collections.Counter((reference, answer) for _, reference, answer in answers)
    metrics = bootstrap.compute_metrics(family, pairs)
    triples = collections.Counter(
        (reference, old, new) for (_, reference, old), (_, _, new) in zip(base, answers, strict=True)
    )
    gains = bootstrap.compute_differences(family, triples)
    low, high = gains[metric]
    signs = {name: -1 if name in family.LOWER_IS_BETTER else 1 for name in family.NAMES}
    return {
        "name": result["name"],
        "metrics": metrics,
        "intervals": bootstrap.compute_intervals(family, pairs),
        "gains": {name: signs[name] * (metrics[name] - before[name]) for name in family.NAMES},
        "gain_intervals": gains,
        "verdict": "better" if low > 0 else "worse" if high < 0 else "undecided",
        **{name: result[name] for name in ("epochs", "train_s", "network_bytes")},
    }
