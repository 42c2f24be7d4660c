"""Milliseconds per picture, from encoded bytes to the answer: the shipped portable form against another build's model.

Asks models that are loaded and warm about the same pictures, one at a time and 32 at a time, each in a process of its
own, in turns: this checkout's by `load_model(NAME).predict`, the other checkout's by the default signature of its
SavedModel, alone. Writes the medians to tests/bench/results/latency.csv.

    python tests/bench/bench_latency.py --against ../920a734
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import builds
import pipelines
import results

FOLDERS = {"hangul": ("labelled_csv", "hangul_syllables"), "lines": ("kalapa", "kalapa")}  # reader, folder
BATCHES = (1, 32)


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask in turns, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(FOLDERS), choices=list(FOLDERS), help="default: all")
    parser.add_argument("--repeats", type=int, default=5, help="processes of each measure")
    parser.add_argument("--pictures", type=int, default=320, help="asked about by each process")
    parser.add_argument("--worker", nargs=3, metavar=("MODEL", "BATCH", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    builds.add_argument(parser)
    options = parser.parse_args(arguments)
    if options.worker:
        name, batch, folder = options.worker
        ask = load_saved_model(pathlib.Path(folder)) if folder else load_portable(name)
        print(measure(ask, read_pictures(name, options.pictures), int(batch)))
        return
    compared = builds.list_builds(options)
    command = "python tests/bench/bench_latency.py" + (f" --against {compared[0].commit}" if options.against else "")
    for name in options.models:
        for batch in BATCHES:

            def ask(build: builds.Build, name: str = name, batch: int = batch) -> float:
                folder = "" if build == builds.Build() else str(build.root / "data" / "pretrained" / name / "model")
                worker = ["--pictures", str(options.pictures), "--worker", name, str(batch), folder]
                return float(builds.run([sys.executable, __file__, *worker]).output.split()[-1])

            values = builds.alternate(compared, ask, options.repeats)
            rows = builds.compare(f"{name}, batch {batch}: time per picture", compared, values, "ms", command)
            results.record("latency", rows, options.results)
            for row in rows:
                print(f"{row.measure}: {row.value:.4g} {row.unit}", flush=True)


def read_pictures(name: str, count: int) -> list[bytes]:
    """Return the first encoded pictures of a model's data."""
    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.record import Record

    reader_name, folder = FOLDERS[name]
    root, reader = pipelines.data_folder(folder), get_reader(reader_name)
    records = (record for shard in reader.list_shards(root) for record in reader.read(root, shard))
    return [record.get_bytes("image") for record in records if isinstance(record, Record)][:count]


def load_portable(name: str) -> Callable[[list[bytes]], Any]:
    """Return what asks the shipped model in its portable form."""
    from tfx_ocr.serving import load_model

    return load_model(name).predict


def load_saved_model(folder: pathlib.Path) -> Callable[[list[bytes]], Any]:
    """Return what asks a SavedModel about encoded pictures."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    signature = model.signatures["serve_images"]
    return lambda pictures: (model, signature(image_bytes=tf.constant(pictures)))


def measure(ask: Callable[[list[bytes]], Any], pictures: Sequence[bytes], batch: int) -> float:
    """Return the milliseconds per picture, after two batches that do not count."""
    batches = [list(pictures[begin : begin + batch]) for begin in range(0, len(pictures) - batch + 1, batch)]
    for each in batches[:2]:
        ask(each)
    begin = time.perf_counter()
    for each in batches:
        ask(each)
    return 1000 * (time.perf_counter() - begin) / (len(batches) * batch)


if __name__ == "__main__":
    main()
