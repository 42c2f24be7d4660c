"""Fields of receipts and invoices, words given: one model of SROIE and RVL-CDIP, judged on suppliers never seen.

Sends the words of both sets through the recipe's pipeline in this process. Each set is divided by the recipe's own
rule, as a run over it alone would divide it: suppliers apart. The test pages are judged set by set. RVL-CDIP does not
say of a field whether it is missing or was not annotated, so no answer to it is judged; a further row counts every such
answer as wrong.

Then the rule is turned on by its test share, until every page has been a test page once, judged by a model that never
saw its supplier: `--folds 1` leaves that out. A fifth of RVL-CDIP's pages is few suppliers, some of which OCR hardly
reads; what others reach on all of it is comparable with this. Writes tests/bench/results/invoices.csv. A run that was
killed goes on.

    python tests/bench/bench_invoices.py
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pipelines
import results

if TYPE_CHECKING:
    from tfx_ocr.components.recipe import Split
    from tfx_ocr.data.record import Record

READ = {"sroie": ("sroie", "sroie"), "rvl": ("rvl_invoices", "rvl_cdip_invoices")}  # part -> reader, real data's folder
ALL_NAMED = "rvl-all-named"  # the same pages, each of which names every field that the set annotates at all
FOLDS = 5  # of the recipe's test share, a fifth
COMMAND = "python tests/bench/bench_invoices.py"
MEASURES = {
    "sroie": ("micro_f1", "SROIE, words given, no company in two splits: micro F1 of the four fields, exact"),
    "rvl": (
        "micro_f1_normalised",
        "RVL-CDIP invoices, words given, no letterhead in two splits: micro F1 of date, number and total "
        "(lower case, letters and digits; totals by digits)",
    ),
    ALL_NAMED: (
        "micro_f1_normalised",
        "RVL-CDIP invoices, words given, no letterhead in two splits: micro F1 of date, number and total "
        "(lower case, letters and digits; totals by digits), where every answer to a field without annotation counts "
        "as an error",
    ),
}


def main() -> None:
    """Write the pages, train, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--overrides", default="", help="values put into the recipe, such as trainer.epochs=5")
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of them, from the recipe's own split on")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "invoices")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    verdicts: dict[str, list[dict[str, Any]]] = {part: [] for part in MEASURES}
    for fold in range(options.folds):
        work = options.work / f"fold-{fold}" if fold else options.work
        write(work, fold)
        pipelines.train_and_judge("invoices", work / "data", work / "run", overrides=options.overrides)
        for part, found in verdicts.items():
            found.append(pipelines.judge("invoices", work / part, work / "run"))
        if not fold:
            results.record("invoices", [row(part, found[0]) for part, found in verdicts.items()], options.results)
    if options.folds == FOLDS:
        results.record("invoices", [over_folds(part, found) for part, found in verdicts.items()], options.results)


def write(work: pathlib.Path, fold: int) -> None:
    """Write `data/SPLIT-PART.tfrecord.gz` of both sets, and the test pages once more in a folder a part."""
    from tfx_ocr.data import record_file

    if (work / "data").exists():
        return
    partial = work / "data.partial"
    for part in READ:
        divided = pages(part, fold)
        for split, records in divided.items():
            record_file.write(at(partial, f"{split}-{part}"), records)
        record_file.write(at(work / part, f"test-{part}"), divided["test"])
        if part == "rvl":
            record_file.write(at(work / ALL_NAMED, f"test-{part}"), map(all_named, divided["test"]))
    partial.rename(work / "data")


def at(folder: pathlib.Path, name: str) -> pathlib.Path:
    """Return the path of a file after creating its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.tfrecord.gz"


def pages(part: str, fold: int) -> dict[str, list[Record]]:
    """Return the pages of a set split by the recipe's rule, rotated by so many test shares; without their pictures."""
    from tfx_ocr.components.artifacts import SPLITS
    from tfx_ocr.data import features
    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.record import Record
    from tfx_ocr.pipeline.recipes import get_recipe

    name, folder = READ[part]
    rule, root = get_recipe("invoices").examples.split, pipelines.data_folder(folder)
    found: dict[str, list[Record]] = {split: [] for split in SPLITS}
    for shard in get_reader(name).list_shards(root):
        for record in get_reader(name).read(root, shard):
            if isinstance(record, Record):
                kept = {name: value for name, value in record.features.items() if name != features.IMAGE}
                found[split_of(record.group, rule, fold)].append(dataclasses.replace(record, features=kept))
    return found


def list_receipts(split: str) -> Iterator[dict[str, Any]]:
    """Yield what `sroie.list_shards` knows of the receipts of a split that have images; companies are kept apart."""
    from tfx_ocr.data.readers import sroie
    from tfx_ocr.pipeline.recipes import get_recipe

    rule = get_recipe("invoices").examples.split
    for shard in sroie.list_shards(pipelines.data_folder("sroie")):
        for receipt in json.loads(shard):
            if receipt["image"] and split_of(receipt["group"], rule, 0) == split:
                yield receipt


def read_receipts(reader: Any, split: str) -> Iterator[Record]:
    """Yield what a reader of SROIE, such as `sroie_shapes`, makes of a split's receipts; companies are kept apart."""
    from tfx_ocr.data.record import Record
    from tfx_ocr.pipeline.recipes import get_recipe

    root, rule = pipelines.data_folder("sroie"), get_recipe("invoices").examples.split
    for shard in reader.list_shards(root):
        for record in reader.read(root, shard):
            if isinstance(record, Record) and split_of(record.group, rule, 0) == split:
                yield record


def split_of(group: str, rule: Split, fold: int) -> str:
    """Return the split of a supplier's pages, as `tfx-ocr run --folds` divides them."""
    from tfx_ocr.components.example_gen.splits import Divider

    return Divider(dataclasses.replace(rule, turn=fold * rule.test), ()).choose_split("", group)


def all_named(record: Record) -> Record:
    """Return the page with an empty value for each field that its set annotates and that it does not have."""
    from tfx_ocr.data import features
    from tfx_ocr.data.readers import rvl_invoices

    names, values = (list(record.features[name]) for name in (features.FIELD_NAMES, features.FIELD_VALUES))
    missing = [name.encode() for name in rvl_invoices.FIELD.values() if name.encode() not in names]
    named = {features.FIELD_NAMES: [*names, *missing], features.FIELD_VALUES: [*values, *(b"" for _ in missing)]}
    return dataclasses.replace(record, features={**record.features, **named})


def row(part: str, verdict: dict[str, Any]) -> results.Row:
    """Return what was measured of a part's own test pages."""
    metric, words = MEASURES[part]
    return pipelines.row(words, verdict, metric, "pages", COMMAND)


def over_folds(part: str, verdicts: list[dict[str, Any]]) -> results.Row:
    """Return what was measured of a part over all folds together, and the lowest and the highest of them."""
    metric, words = MEASURES[part]
    each = [verdict["metrics"][metric] for verdict in verdicts]
    return results.Row(
        measure=f"{words}; every page tested once by 5-fold cross-validation",
        value=micro_f1(verdicts, metric.removeprefix("micro_f1")),
        unit="fraction",
        n=f"{sum(verdict['n'] for verdict in verdicts):,} pages, {len(verdicts)} folds",
        spread=(min(each), max(each)),
        command=COMMAND,
    )


def micro_f1(verdicts: list[dict[str, Any]], ending: str) -> float:
    """Return micro F1 over the fields of several verdicts together.

    Args:
        verdicts: what `pipelines.judge` found.
        ending: of precision's and recall's names: "" or `_normalised`.

    Raises:
        ValueError: a field was never right, so that its answers cannot be counted back.
    """
    right = answered = wanted = 0.0
    for field in (field for verdict in verdicts for field in verdict["classes"].values() if field["support"]):
        hits = field[f"recall{ending}"] * field["support"]
        if not hits:
            raise ValueError("a field was never right: its answers cannot be counted back from a precision of 0")
        right, wanted, answered = right + hits, wanted + field["support"], answered + hits / field[f"precision{ending}"]
    return 2 * right / (wanted + answered)


if __name__ == "__main__":
    sys.exit(main())
