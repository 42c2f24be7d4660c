"""Fields of SROIE's receipts from their pictures alone: found, read and tagged in one call, companies never trained on.

The receipts that have pictures are divided as bench_invoices.py divides them; neither `print` nor `invoices` was
trained on companies of the test part. Supplier, address, date and total are compared in capitals, as SROIE transcribes
them. Beside them stands what the tagger answers where the words are given. With `--tune` the companies are those that
chose the weights: whatever is chosen is chosen there. A run that was killed goes on. Writes
tests/bench/results/receipts.csv.

    python tests/bench/bench_receipts.py
"""

from __future__ import annotations

import argparse
import functools
import json
import pathlib
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import bench_invoices
import kept
import numpy as np
import results

from tfx_ocr.data import features
from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.page.page import Box, Line, Region, Word
from tfx_ocr.data.record import Record

if TYPE_CHECKING:
    from tfx_ocr.serving import Reader

COMMAND = "python tests/bench/bench_receipts.py"
MEASURE = "SROIE receipts of companies never trained on: micro F1 of the four fields, exact, "


def main() -> None:
    """Read, count, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tune", action="store_true", help="other companies; nothing is written")
    parser.add_argument("--receipts", type=int, default=sys.maxsize, help="the first so many; default: all")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    from tfx_ocr.serving import Reader
    from tfx_ocr.serving.locations import open_model
    from tfx_ocr.serving.reader.fields import find_fields

    split = "eval" if options.tune else "test"
    records = list(list_receipts(split))[: options.receipts]
    labels = [get_labels(record) for record in records]
    read: list[dict[str, str]] = []
    seconds: list[float] = []
    with Reader(fields="invoices") as reader:
        reader.read(np.full((99, 99), 255, np.uint8))  # opens its models
        done = kept.Kept(kept.FOLDER / f"receipts-{split}.jsonl", **vars(options))
        for record in records:
            took, texts = done.measure(str(len(read)), functools.partial(read_receipt, reader, record))
            seconds.append(took)
            read.append(texts)
    with open_model("invoices") as model:
        given = [get_texts(find_fields((build_region(record),), model)[1]) for record in records]
    rows = measure(f"{MEASURE}from the picture alone", labels, read)
    rows += measure(f"{MEASURE}words given", labels, given)
    rows.append(
        results.Row(
            measure="SROIE receipts: seconds a receipt, from the picture to its fields",
            value=float(np.mean(seconds)),
            unit="s",
            n=f"{len(seconds)} receipts",
            spread=results.spread(seconds),
            command=COMMAND,
        )
    )
    for row in rows:
        print(f"{row.measure}: {row.value:.4f} {row.unit} ({row.n})")
    if not options.tune:
        results.record("receipts", rows, options.results)
    done.finish()


def read_receipt(reader: Reader, record: Record) -> tuple[float, dict[str, str]]:
    """Return how many seconds it took to read a receipt, and its fields."""
    begin = time.perf_counter()
    (page,) = reader.read(record.get_bytes(features.IMAGE)).pages
    return time.perf_counter() - begin, get_texts(page.fields)


def list_receipts(split: str) -> Iterator[Record]:
    """Yield the receipts of a split that have pictures."""
    from tfx_ocr.data.readers import sroie

    for record in bench_invoices.read_receipts(sroie, split):
        if record.features.get(features.IMAGE):
            yield record


def get_labels(record: Record) -> dict[str, str]:
    """Return the fields that were transcribed."""
    names, values = (record.features[name] for name in (features.FIELD_NAMES, features.FIELD_VALUES))
    return {name.decode(): value.decode() for name, value in zip(names, values, strict=True)}


def get_texts(fields: Sequence[Field]) -> dict[str, str]:
    """Return the text of each field by its name."""
    return {field.name: field.text for field in fields}


def build_region(record: Record) -> Region:
    """Return a receipt's given words as lines of a region."""
    boxes = np.reshape(record.features[features.BOXES], (-1, 4)).tolist()
    words = [
        Word(text=text.decode(), box=Box(*box))
        for text, box in zip(record.features[features.WORDS], boxes, strict=True)
    ]
    return Region(lines=tuple(Line(text=word.text, box=word.box, words=(word,)) for word in words))


def measure(name: str, labels: Sequence[Mapping[str, str]], answers: Sequence[Mapping[str, str]]) -> list[results.Row]:
    """Return micro F1 of the fields that were transcribed, in capitals, with its 95 % interval."""
    from tfx_ocr.components.evaluator.metrics import fields
    from tfx_ocr.components.evaluator.metrics.bootstrap import compute_intervals, compute_metrics

    pairs = [
        (
            json.dumps({field: text.upper() for field, text in label.items()}),
            json.dumps({field: text.upper() for field, text in answer.items() if field in label}),
        )
        for label, answer in zip(labels, answers, strict=True)
    ]
    values, intervals = compute_metrics(fields, pairs), compute_intervals(fields, pairs)
    over = f"{len(pairs)} receipts"
    return [
        results.Row(
            measure=name, value=values["micro_f1"], unit="fraction", n=over, spread=intervals["micro_f1"],
            command=COMMAND,
        )
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
