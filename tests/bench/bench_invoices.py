"""Fields of receipts and invoices, words given: one model of SROIE and RVL-CDIP, judged on suppliers never seen.

Sends the words of both sets through the recipe's pipeline in this process. Each set is divided by the recipe's own
rule, as a run over it alone would divide it: suppliers apart. The test pages are opened once, at the end, and judged
set by set. RVL-CDIP does not say of a field whether it is missing or was not annotated, so no answer to it is judged;
a second row counts every such answer as wrong. Writes tests/bench/results/invoices.csv. A run that was killed goes on.

    python tests/bench/bench_invoices.py
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys
from typing import TYPE_CHECKING, Any

import pipelines
import results

if TYPE_CHECKING:
    from tfx_ocr.data.record import Record

READ = {"sroie": ("sroie", "sroie"), "rvl": ("rvl_invoices", "rvl_cdip_invoices")}  # part -> reader, real data's folder
ALL_NAMED = "rvl-all-named"  # the same pages, each of which names every field that the set annotates at all
MEASURES = {
    "sroie": ("micro_f1", "SROIE, words given, companies apart: micro F1 of the four fields, exact"),
    "rvl": (
        "micro_f1_normalised",
        "RVL-CDIP invoices, words given, letterheads apart: micro F1 of date, number and total, letters and digits",
    ),
    ALL_NAMED: (
        "micro_f1_normalised",
        "RVL-CDIP invoices, words given, letterheads apart: the same, answers to fields nobody annotated being wrong",
    ),
}


def main() -> None:
    """Write the pages, train, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--overrides", default="", help="values put into the recipe, such as trainer.epochs=5")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "invoices")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    write(options.work)
    data, home = options.work / "data", options.work / "run"
    pipelines.train_and_judge("invoices", data, home, overrides=options.overrides)
    verdicts = {part: pipelines.judge("invoices", options.work / part, home) for part in MEASURES}
    results.record("invoices", map(row, verdicts, verdicts.values()), options.results)


def write(work: pathlib.Path) -> None:
    """Write `data/SPLIT-PART.tfrecord.gz` of both sets, and the test pages once more in a folder a part."""
    from tfx_ocr.data.readers import tfrecord

    if (work / "data").exists():
        return
    partial = work / "data.partial"
    for part in READ:
        divided = pages(part)
        for split, records in divided.items():
            tfrecord.write(at(partial, f"{split}-{part}"), records)
        tfrecord.write(at(work / part, f"test-{part}"), divided["test"])
        if part == "rvl":
            tfrecord.write(at(work / ALL_NAMED, f"test-{part}"), map(all_named, divided["test"]))
    partial.rename(work / "data")


def at(folder: pathlib.Path, name: str) -> pathlib.Path:
    """A file in a folder that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.tfrecord.gz"


def pages(part: str) -> dict[str, list[Record]]:
    """The pages of a set by the recipe's rule, without their pictures."""
    from tfx_ocr.components.example_gen.splits import SPLITS, Divider
    from tfx_ocr.data import features
    from tfx_ocr.data.readers import reader
    from tfx_ocr.data.record import Record
    from tfx_ocr.pipeline.recipes import recipe

    name, folder = READ[part]
    rule, root = Divider(recipe("invoices").examples.split, ()), pipelines.data_folder(folder)
    found: dict[str, list[Record]] = {split: [] for split in SPLITS}
    for shard in reader(name).shards(root):
        for record in reader(name).read(root, shard):
            if isinstance(record, Record):
                kept = {name: value for name, value in record.features.items() if name != features.IMAGE}
                found[rule.split_of("", record.group)].append(dataclasses.replace(record, features=kept))
    return found


def all_named(record: Record) -> Record:
    """The page with an empty value for each field that its set annotates and that it does not have."""
    from tfx_ocr.data import features
    from tfx_ocr.data.readers import rvl_invoices

    names, values = (list(record.features[name]) for name in (features.FIELD_NAMES, features.FIELD_VALUES))
    missing = [name.encode() for name in rvl_invoices.FIELD.values() if name.encode() not in names]
    named = {features.FIELD_NAMES: [*names, *missing], features.FIELD_VALUES: [*values, *(b"" for _ in missing)]}
    return dataclasses.replace(record, features={**record.features, **named})


def row(part: str, verdict: dict[str, Any]) -> results.Row:
    """What was measured of a part."""
    metric, words = MEASURES[part]
    return pipelines.row(words, verdict, metric, "pages", "python tests/bench/bench_invoices.py")


if __name__ == "__main__":
    sys.exit(main())
