r"""The circle: a hand that today's model misreads, 100 pictures of it corrected, `tfx-ocr retrain`, and 500 others.

hand.py draws the hand: crossed twos and sevens, slashed zeros, open fours and nines, a strong slant. The model that
ships reads 100 pictures into a review queue, a reviewer says what they are, and the model that is pushed reads 500
other pictures of that hand and the data's test split. Writes to tests/bench/results/circle.csv.

With `--forms` the recipe is lines, and the hand that of a range of Kalapa's forms: lines of every second form are
corrected, those of the others judged. The data is Kalapa's forms outside the range: those that the shipped model learnt
from, but for 208 to 213, which choose the epoch, and for 217 to 229, the test split.

With `--kills` a reviewing process is killed at random moments instead, and what it had confirmed is looked for.

    python tests/bench/bench_circle.py
    python tests/bench/bench_circle.py --forms 258..277 --set trainer.optimizer.learning_rate=3e-4 \
        --set trainer.epochs=4
    python tests/bench/bench_circle.py --kills 1000
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import multiprocessing
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import hand
import results
from pipelines import data_folder

from tfx_ocr.components.evaluator.metrics import choose_family, get_metrics
from tfx_ocr.components.evaluator.metrics.bootstrap import compute_differences, compute_metrics
from tfx_ocr.data import pretrained, record_file
from tfx_ocr.data.readers import choose_reader, get_reader
from tfx_ocr.data.readers.tfrecord import SPLIT
from tfx_ocr.data.record import Record
from tfx_ocr.data.samples import get_sample
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving import load_model
from tfx_ocr.serving.review.queue import Queue

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")
SLOWEST_KILL_S = 0.1  # after a process's first decision; one takes about 10 ms
WAITING = 50  # undecided items that a reviewing process finds
SPLITS = {"eval": "208..213", "test": "217..229"}  # of Kalapa's forms
Picture = tuple[str, bytes]  # label and encoded picture


class Gain(NamedTuple):
    """What retraining gave on some pictures.

    Attributes:
        metric: accuracy of digits, CER of lines.
        before: of the model that shipped.
        after: of the model that was pushed.
        interval: 95 % interval of the gain, over resampled pictures; above 0 the model that was pushed is better.
    """

    metric: str
    before: float
    after: float
    interval: tuple[float, float]


def main() -> None:
    """Draw, review, retrain, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corrected", type=int, default=100, help="pictures that are corrected")
    parser.add_argument("--judged", type=int, default=500, help="other pictures of the hand, at most")
    parser.add_argument("--forms", default="", help="of Kalapa, such as 258..277, in place of drawn digits")
    parser.add_argument(
        "--data", type=pathlib.Path, help="data that is learnt from as well; else the sample, or other forms"
    )
    parser.add_argument("--set", action="append", default=[], help="of `tfx-ocr retrain`")
    parser.add_argument("--kills", type=int, default=0, help="kill a reviewing process so many times, and no more")
    parser.add_argument("--folder", type=pathlib.Path, default=results.ROOT / "work" / "circle")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    command = " ".join(["python tests/bench/bench_circle.py", *sys.argv[1:]])
    if options.kills:
        rows = describe_kills(options.kills, *kill_reviews(options.folder / "queue.sqlite", options.kills, 7), command)
    else:
        if options.forms:
            recipe, records = "lines", read_kalapa(data_folder("kalapa"))
            pictures = choose_lines(records, options.forms, options.corrected, options.judged)
            options.data = options.data or write_others(records, options.forms, options.folder / "data")
        else:
            recipe = "digits"
            pictures = hand.draw_digits(options.corrected, 1), hand.draw_digits(options.judged, 2)
        gains = close_circle(options.folder, recipe, pictures, options.data, options.set)
        rows = describe_gains(gains, f"{options.corrected} corrected", command)
    for row in rows:
        print(f"{row.measure}: {row.value:.4f}")
    results.record("circle", rows, options.results)


def describe_kills(kills: int, lost: int, doubled: int, command: str) -> list[results.Row]:
    """Return the rows of `kill_reviews`."""
    unit, n = "corrections", f"{kills} kills"
    return [
        results.Row(measure="corrections lost", value=lost, unit=unit, n=n, command=command),
        results.Row(measure="corrections counted twice", value=doubled, unit=unit, n=n, command=command),
    ]


def describe_gains(gains: dict[str, Gain], n: str, command: str) -> list[results.Row]:
    """Return the rows of `close_circle`: three for each kind of pictures."""
    rows = []
    for what, gain in gains.items():
        difference = gain.after - gain.before
        better = -difference if gain.metric == "cer" else difference
        found = {f"{gain.metric} before": gain.before, f"{gain.metric} after": gain.after, "gain": better}
        for name, value in found.items():
            spread = gain.interval if name == "gain" else None
            measure = f"{name}, {what}"
            rows.append(results.Row(measure=measure, value=value, unit="fraction", n=n, spread=spread, command=command))
    return rows


def read_kalapa(folder: pathlib.Path) -> list[Record]:
    """Return the lines of Kalapa's forms."""
    reader = get_reader("kalapa")
    read = (each for shard in reader.list_shards(folder) for each in reader.read(folder, shard))
    return [each for each in read if isinstance(each, Record)]


def choose_lines(
    records: Sequence[Record], forms: str, corrected: int, judged: int
) -> tuple[list[Picture], list[Picture]]:
    """Return label and picture of lines of a range of forms: of every second form, and of the others."""
    by_turn: tuple[list[Picture], list[Picture]] = ([], [])
    first = int(forms.split("..")[0])
    for each in records:
        if is_between(each.group, forms):
            turn = by_turn[(int(each.group) - first) % 2]
            turn.append((each.get_bytes("label").decode(), each.get_bytes("image")))
    return by_turn[0][:corrected], by_turn[1][:judged]


def write_others(records: Sequence[Record], forms: str, folder: pathlib.Path) -> pathlib.Path:
    """Write the lines outside a range of forms to a TFRecord, each with its split; return the folder."""
    folder.mkdir(parents=True)
    others = []
    for each in records:
        if not is_between(each.group, forms):
            split = next((name for name, held in SPLITS.items() if is_between(each.group, held)), "train")
            others.append(dataclasses.replace(each, features={**each.features, SPLIT: split.encode()}))
    record_file.write(folder / "data.tfrecord.gz", others)
    return folder


def is_between(form: str, forms: str) -> bool:
    """Return whether a form is in a range, such as `258..277`."""
    first, last = map(int, forms.split(".."))
    return form.isdecimal() and first <= int(form) <= last


def close_circle(
    folder: pathlib.Path,
    recipe: str,
    pictures: tuple[Sequence[Picture], Sequence[Picture]],
    data: pathlib.Path | None,
    values: Sequence[str] = (),
) -> dict[str, Gain]:
    """Read, correct and retrain in a home of its own; return what came of it, by the pictures that are judged.

    Args:
        folder: for all of it.
        recipe: whose model is retrained.
        pictures: that are corrected, and others of the hand.
        data: that is learnt from as well; None for the sample.
        values: of `tfx-ocr retrain --set`.
    """
    queue = folder / "review.sqlite"
    corrected, judged = pictures
    named = write_pictures(folder / "hand", corrected)
    environment = {**os.environ, "TFX_OCR_HOME": str(folder / "home")}

    def run(*arguments: str) -> None:
        subprocess.run([CLI, *arguments], env=environment, check=True)

    run("predict", recipe, *named, "--review", str(queue), "--doubt", "1", "--json")
    review(queue, named)
    sets = [word for value in values for word in ("--set", value)]
    run("retrain", recipe, "--queue", str(queue), *(["--data", str(data)] if data else []), *sets)
    data = data or get_sample(recipe)(folder / "home" / "samples" / recipe)
    models = pretrained.get_folder(recipe), folder / "home" / "serving" / recipe
    what = "lines" if recipe == "lines" else "pictures"
    return {
        f"{len(judged)} other {what} of the hand": compare(recipe, models, judged),
        f"test split of the old {what}": compare(recipe, models, read_test(recipe, data)),
    }


def write_pictures(folder: pathlib.Path, drawn: Sequence[Picture]) -> dict[str, str]:
    """Write pictures to files; return their labels by path."""
    folder.mkdir(parents=True)
    named = {}
    for number, (label, picture) in enumerate(drawn):
        path = folder / f"{number:03}.png"
        path.write_bytes(picture)
        named[str(path)] = label
    return named


def review(queue: pathlib.Path, named: dict[str, str]) -> int:
    """Decide about every item as reviewers who know the labels by document; return how many decisions there were."""
    opened, count = Queue(queue), 0
    for reviewer in ("ann", "bob"):  # a share is for both
        while item := opened.take(reviewer):
            opened.decide(item.id, reviewer, "corrected", named[item.document])
            count += 1
    return count


def read_test(recipe: str, data: pathlib.Path) -> list[Picture]:
    """Return label and picture of the data's own test split."""
    reader = get_reader(choose_reader(data, get_recipe(recipe).examples.readers))
    records = [record for shard in reader.list_shards(data) for record in reader.read(data, shard)]
    return [(each.get_bytes("label").decode(), each.get_bytes("image")) for each in records if each.split == "test"]


def compare(recipe: str, models: tuple[pathlib.Path, pathlib.Path], pictures: Sequence[Picture]) -> Gain:
    """Compare two models on the same pictures: the metric of both, and the paired interval of the gain."""
    judged = get_recipe(recipe)
    family = get_metrics(choose_family(judged.task, judged.gate))
    metric = family.NAMES[0]
    answers = []
    for model in models:
        with load_model(model) as predictor:
            answers.append([each.text for each in predictor.predict([picture for _, picture in pictures])])
    labels = [label for label, _ in pictures]
    before, after = (compute_metrics(family, zip(labels, read, strict=True))[metric] for read in answers)
    triples = collections.Counter(zip(labels, answers[1], answers[0], strict=True))
    low, high = compute_differences(family, triples)[metric]  # how much worse
    return Gain(metric, before, after, (-high, -low))


def kill_reviews(path: pathlib.Path, kills: int, seed: int) -> tuple[int, int]:
    """Kill a reviewing process `kills` times; return how many confirmed corrections are lost, and how many doubled.

    Each process is forked, which takes milliseconds where starting Python takes most of a second, and is killed
    (SIGKILL) up to `SLOWEST_KILL_S` after it confirmed its first decision.
    """
    queue, chance, confirmed, offered = Queue(path, shared=0), random.Random(seed), set[int](), 0
    context = multiprocessing.get_context("fork")
    for kill in range(1, kills + 1):
        while queue.count_items()["done"] > offered - WAITING:
            offered += 1
            queue.offer(b"%d" % offered, "4", 0.1, recipe="digits", version="1", document=f"{offered % 50}.png")
        reading, writing = os.pipe()
        process = context.Process(target=review_items, args=(path, writing))
        process.start()
        os.close(writing)
        with os.fdopen(reading) as lines:
            confirmed.add(int(lines.readline() or 0))
            time.sleep(chance.uniform(0, SLOWEST_KILL_S))
            process.kill()
            confirmed |= {int(line) for line in lines if line.endswith("\n")}
        process.join()
        if kill % 50 == 0:
            print(f"{kill:,} of {kills:,} kills, {len(confirmed - {0}):,} corrections confirmed", flush=True)
    agreed = queue.read_corrections("digits").agreed
    found = {each.item.id for each in agreed if each.text == f"text {each.item.id}"}
    return len(confirmed - {0} - found), queue.count_items()["corrected"] - len(found)


def review_items(path: pathlib.Path, writing: int) -> None:
    """Decide about items until the process is killed; write the number of each that is decided."""
    queue = Queue(path, shared=0)
    while item := queue.take("ann"):
        queue.decide(item.id, "ann", "corrected", f"text {item.id}")
        os.write(writing, b"%d\n" % item.id)


if __name__ == "__main__":
    main()
