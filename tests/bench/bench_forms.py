"""The two forms of each shipped model on its test split: how many answers are equal, how far probabilities lie apart.

Asks the SavedModel and the portable form, under every signature, about all test records of MNIST, of the writers left
out of Hangul's training, of Kalapa and Cinnamon, and of SROIE and RVL-CDIP. Labels are not looked at. Writes to
tests/bench/results/forms.csv.

    python tests/bench/bench_forms.py
"""

from __future__ import annotations

import argparse
import itertools
import pathlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import bench_hangul
import bench_print
import pipelines
import results

if TYPE_CHECKING:
    from tfx_ocr.components.recipe import Split
    from tfx_ocr.data.record import Record

COMMAND = "python tests/bench/bench_forms.py"


def list_sets(recipe: str) -> list[tuple[str, str, Split]]:
    """Return reader, folder of the real data and rule of each set that a shipped model is tested on."""
    from tfx_ocr.components.recipe import Split
    from tfx_ocr.pipeline.recipes import get_recipe

    own = get_recipe(recipe).examples.split
    return {
        "digits": [("idx", "mnist", own)],
        "hangul": [("labelled_csv", "hangul_syllables", Split(by="group", test_groups=bench_hangul.TEST_WRITERS))],
        "lines": [
            ("kalapa", "kalapa", Split(by="group", test_groups=("258..277",))),
            ("cinnamon", "cinnamon", Split(by="group", eval=0.1, test=0.2)),
        ],
        "print": [],  # cut out of receipts by `bench_print.cut_lines`
        "invoices": [("sroie", "sroie", own), ("rvl_invoices", "rvl_cdip_invoices", own)],
    }[recipe]


def read_test(reader: str, root: pathlib.Path, rule: Split, most: int = 0) -> Iterator[Record]:
    """Yield the test records of a set, at most `most` of them; 0 for all."""
    from tfx_ocr.components.example_gen.splits import Divider
    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.record import Record

    source, divider, count = get_reader(reader), Divider(rule, {"train", "test"} if reader == "idx" else set()), 0
    for shard in source.list_shards(root):
        for record in source.read(root, shard):
            if isinstance(record, Record) and divider.choose_split(record.split, record.group) == "test":
                yield record
                count += 1
                if count == most:
                    return


def read_all(recipe: str, most: int = 0) -> Iterator[Record]:
    """Yield the test records of a shipped model, at most `most` of each of its sets; 0 for all."""
    if recipe == "print":
        yield from itertools.islice(bench_print.cut_lines("test"), most or None)
    for reader, folder, rule in list_sets(recipe):
        yield from read_test(reader, pipelines.data_folder(folder), rule, most)


def compare(recipe: str, most: int = 0) -> list[results.Row]:
    """Compare the forms of a shipped model on at most `most` records of each of its test sets."""
    import tensorflow as tf

    from tfx_ocr.components.infra_validator.parity import measure_parity
    from tfx_ocr.data import pretrained
    from tfx_ocr.data.record_file import serialize
    from tfx_ocr.pipeline.evaluation import prepare_record
    from tfx_ocr.pipeline.recipes import get_recipe
    from tfx_ocr.serving.runtimes import SAVED_MODEL, open_folder

    values = get_recipe(recipe)
    records = [tf.train.Example.FromString(serialize(prepare_record(record))) for record in read_all(recipe, most)]
    with open_folder(pretrained.get_folder(recipe), forms=(SAVED_MODEL,)) as model:
        found = measure_parity(model, "test", records, values.input, values.task)
    if found.same is None:
        raise RuntimeError(f"{recipe}: {found.reason}")
    measured = (
        ("equal answers", found.same, "fraction"),
        ("largest distance of their probabilities", found.largest_distance, "probability"),
    )
    return [
        results.Row(
            measure=f"{recipe}, SavedModel and portable form: {words}",
            value=value,
            unit=unit,
            n=f"{len(records)} test records",
            command=COMMAND if not most else f"{COMMAND} --most {most}",
        )
        for words, value, unit in measured
    ]


def main() -> None:
    """Compare the shipped models one after the other, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=0, help="records of each set; 0 for all")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    for recipe in ("digits", "hangul", "lines", "print", "invoices"):
        rows = compare(recipe, options.most)
        for row in rows:
            print(f"{row.measure}: {row.value:.6g} ({row.n})", flush=True)
        results.record("forms", rows, options.results)


if __name__ == "__main__":
    sys.exit(main())
