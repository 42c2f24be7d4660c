"""Judge a model on data of any kind that its recipe reads: the gate's numbers without a pipeline."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.components.artifacts import SPLITS
from tfx_ocr.components.evaluator import gate as gates
from tfx_ocr.components.evaluator import records as of_records
from tfx_ocr.components.evaluator.metrics import Family, choose_family, get_metrics
from tfx_ocr.components.evaluator.metrics.pairs import Pair
from tfx_ocr.components.example_gen.account import classify_reason
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features, images
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.readers import read_data
from tfx_ocr.data.record import Record, Rejected
from tfx_ocr.data.record_file import serialize
from tfx_ocr.data.validation import validate_records
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions
from tfx_ocr.serving.locations import Location, find_folder, open_model
from tfx_ocr.serving.portable.beam import Decoding
from tfx_ocr.serving.runtimes import PORTABLE

SHOWN = 20  # rejected records that are named


def evaluate(
    settings: Settings, data: Path, model: Path | None, split: str = "", decoding: Decoding | None = None
) -> dict[str, Any]:
    """Judge a model.

    Args:
        settings: settings; `recipe` says which.
        data: folder that a reader of the recipe knows.
        model: folder of an export; None for the newest pushed version, or the shipped one while nothing was pushed.
        split: `train`, `eval`, `test` or `all`; "" for `test` where the data names one, else all of it.
        decoding: how lines are decoded; None for the best path.

    Returns:
        What `gate.json` holds, with `data`, `model` (`version`, `path`), `seen` (`n` records that the model was trained
        on, of the `of` of which its manifest can tell) and `set_aside`: `n`, `reasons` (how many for
        each kind, the commonest first) and `examples` (the first `SHOWN`, each with `source` and `reason`).

    Raises:
        ValueError: the data, split or model is missing, or no record can be judged.
    """
    recipe = resolve_recipe(settings)
    if split not in ("", "all", *SPLITS):
        raise ValueError(f"--split is {split!r}; known: {', '.join(SPLITS)}, all")
    location = find_folder(model or recipe.name, settings, recipe.pretrained)
    rejected: list[Rejected] = []
    by_split: dict[str, list[Record]] = collections.defaultdict(list)
    for record in _read_records(recipe, data, in_graph=not (location.folder / PORTABLE).is_file()):
        if isinstance(record, Rejected):
            rejected.append(record)
        else:
            by_split[record.split].append(record)
    wanted = split or ("test" if by_split["test"] else "all")
    records = [record for name in sorted(by_split) if wanted in (name, "all") for record in by_split[name]]
    if not records:
        of, why = "" if wanted == "all" else f"{wanted} ", ""
        if rejected:
            why = f": {len(rejected)} set aside, such as {rejected[0].source}: {rejected[0].reason}"
        raise ValueError(f"no {of}examples to judge in {data}{why}")
    family = get_metrics(choose_family(recipe.task, recipe.gate))
    pairs, raws = predict_records(recipe, location, records, family, decoding)
    digest = of_records.combine_digests(map(of_records.digest_record, raws))
    seen, told = of_records.count_seen(raws, read_sketch(location.folder))
    without_served = dataclasses.replace(recipe.gate, at_most_worse={})
    known = getattr(get_alphabet(recipe.alphabet), "CLASSES", ())
    verdict = gates.judge(recipe.name, without_served, family, pairs, None, digest, known)
    return verdict | {
        "split": wanted,
        "data": str(data),
        "model": {"version": location.version, "path": str(location.folder)},
        "seen": {"n": seen, "of": told},
        "set_aside": {
            "n": len(rejected),
            "reasons": dict(collections.Counter(classify_reason(one.reason) for one in rejected).most_common()),
            "examples": [dataclasses.asdict(one) for one in rejected[:SHOWN]],
        },
    }


def list_records(recipe: Recipe, data: Path) -> Iterator[Record]:
    """Yield the records of a data set that a run of the recipe would keep."""
    read = _read_records(recipe, data, in_graph=True)
    return (record for record in read if not isinstance(record, Rejected))


def _read_records(recipe: Recipe, data: Path, *, in_graph: bool) -> Iterator[Record | Rejected]:
    read = read_data(data, recipe.examples.readers)
    letters, needed = get_alphabet(recipe.alphabet), get_task(recipe.task).records
    return validate_records(read, letters, needed, *recipe.examples.sizes, in_graph=in_graph)


def predict_records(
    recipe: Recipe, location: Location, given: list[Record], family: Family, decoding: Decoding | None = None
) -> tuple[collections.Counter[Pair], list[bytes]]:
    """Count the pairs that are judged; return also the records as the Evaluator reads them.

    Raises:
        ValueError: the model cannot be loaded, or is one of another kind than the recipe's.
    """
    raws = [serialize(prepare_record(record)) for record in given]
    with open_model(location, decoding=decoding) as opened:
        if recipe.input.SIGNATURE not in opened.signatures:
            raise ValueError(
                f"{location.folder} is not a model of {recipe.name}: it lacks the signature {recipe.input.SIGNATURE} "
                f"(it has {', '.join(sorted(opened.signatures)) or 'none'})"
            )
        pairs = collections.Counter(of_records.predict_pairs(opened, raws, family))
    return pairs, raws


def read_sketch(folder: Path) -> str:
    """Return the hashes of the examples that a version was trained on; "" for one that does not say."""
    try:
        return versions.read_manifest(folder).trained_on
    except ValueError:
        return ""


def prepare_record(record: Record) -> Record:
    """Return a record with its picture, where it has one, as ExampleGen writes it."""
    if features.IMAGE not in record.features:
        return record
    picture = images.to_png(record.get_bytes(features.IMAGE))
    return dataclasses.replace(record, features={**record.features, features.IMAGE: picture})
