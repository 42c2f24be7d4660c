"""Write the profile that drift is measured against into the manifest of a model that ships; nothing else changes.

It is what a run's Evaluator counts: pictures of the train split, and the model's answers to the test split. The data
must be what the model was trained and tested on.

    python tests/bench/drift_profile.py digits --data MNIST
    python tests/bench/drift_profile.py lines --data KALAPA --set "examples.split.eval_groups=('217..229',)" \
        --set "examples.split.test_groups=('258..277',)"
    python tests/bench/bench_print.py --cut LINES && python tests/bench/drift_profile.py print --data LINES
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.components.evaluator import records
from tfx_ocr.components.evaluator.metrics.pairs import get_text
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data import features, pretrained
from tfx_ocr.data.record_file import serialize
from tfx_ocr.pipeline.corrections import divide_records
from tfx_ocr.pipeline.evaluation import prepare_record
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions
from tfx_ocr.serving.drift import Profile
from tfx_ocr.serving.locations import SHIPPED, Location, open_model


def main() -> None:
    """Compute a profile and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=pretrained.list_names())
    parser.add_argument("--data", type=Path, required=True, help="that the model was trained and tested on")
    parser.add_argument("--set", action="append", default=[], help="field=value in place of the recipe's")
    options = parser.parse_args()
    recipe = resolve_recipe(Settings(recipe=options.name, overrides=Settings().join_overrides(options.set)))
    write_profile(pretrained.get_folder(options.name), compute_profile(recipe, options.data))


def compute_profile(recipe: Recipe, data: Path) -> Profile:
    """Compute the profile of the model that ships with a recipe.

    Raises:
        ValueError: the data is of no known format, or has no train or no test split.
    """
    raws: dict[str, list[bytes]] = {"train": [], "eval": [], "test": []}
    for split, record in divide_records(recipe, data):
        raws[split].append(serialize(prepare_record(record)))
    if not raws["train"] or not raws["test"]:
        raise ValueError(f"{data}: no record in split {'test' if raws['train'] else 'train'}")

    def ask() -> Iterator[dict[str, Any]]:
        with open_model(Location(pretrained.get_folder(recipe.name), recipe.name, SHIPPED)) as model:
            for found in records.predict_outputs(model, raws["test"]):
                yield {
                    features.LABEL_OUT: get_text(found, features.LABEL_OUT),
                    features.PROBABILITY_OUT: float(found[features.PROBABILITY_OUT]),
                }

    return records.build_profile(records.select_sample(raws["train"]).values(), ask(), recipe.task)


def write_profile(folder: Path, profile: Profile) -> None:
    """Write a profile into the manifest in a folder."""
    manifest = dataclasses.replace(versions.read_manifest(folder), profile=profile)
    text = json.dumps(dataclasses.asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / versions.MANIFEST).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
