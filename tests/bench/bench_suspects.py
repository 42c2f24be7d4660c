"""Labels in doubt among Kalapa's lines: how many of the first hundred are wrong, and how many of any hundred.

Weights are trained from nothing on Cinnamon's and on drawn lines, for the `lines` that ship know Kalapa. `tfx-ocr
suspects` begins each fold with them. Forms that are at most `NEIGHBOURS` apart are one group: they are often one hand.
The first hundred pictures and a hundred drawn at random from all were looked at one by one; kalapa_suspects.csv says of
each what is wrong with it:

    label       the label is not what is written: another word, letter or digit, one too many or too few
    mark        letters are as written, but a tone or vowel mark of the label is not, or is another one
    slip        the writer slipped, and the label keeps what is written
    unreadable  cut off, struck out or too poor to tell
    spelling    label and answer differ in commas or in the place of a tone mark only
    model       the label is right, the model is wrong
    right       the label is right, of a picture drawn at random

Pictures without a verdict are added to the file, and then nothing is measured. `--count` counts the file as it is and
trains nothing. Writes to tests/bench/results/suspects.csv. A run that was killed goes on.

    python tests/bench/bench_suspects.py
"""

from __future__ import annotations

import argparse
import collections
import csv
import dataclasses
import os
import pathlib
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import bench_circle
import bench_lines
import pipelines
import results

from tfx_ocr.data import record_file
from tfx_ocr.data.record import Record

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")
COMMAND = "python tests/bench/bench_suspects.py"
VERDICTS = pathlib.Path(__file__).with_name("kalapa_suspects.csv")
KNOWN = ("label", "mark", "slip", "unreadable", "spelling", "model", "right")
DRAWN, COPIES = 4000, 4  # lines drawn from fonts; copies of each of Cinnamon's
FOLDS = 3
OVERRIDES = ("trainer.epochs=14", "trainer.optimizer.learning_rate=1e-3")  # of each fold
NEIGHBOURS = 3  # forms that are further apart by their numbers are not taken for one hand
FIRST = (20, 50, 100)  # of the suspects that are judged
DRAWN_FROM_ALL = 100  # lines that tell how many labels are wrong among all


class Judged(NamedTuple):
    """A line of kalapa_suspects.csv.

    Attributes:
        picture: its path in Kalapa's folder.
        rank: among the suspects, from 1; 0 where it was drawn at random from all lines.
        verdict: one of `KNOWN`; "" where it is to be judged.
    """

    picture: str
    rank: int
    verdict: str


def main() -> None:
    """Train, rank, count, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", action="store_true", help="count the verdicts that there are, train nothing")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "suspects")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    if not options.count:
        records = bench_circle.read_kalapa(pipelines.data_folder("kalapa"))
        found = rank(records, train(options.work.absolute() / "base"), options.work.absolute())
        drawn = draw([record.source for record in records], DRAWN_FROM_ALL, seed=7)
        write_verdicts(VERDICTS, merge(read_verdicts(VERDICTS), found, drawn))
    judged = read_verdicts(VERDICTS)
    if missing := [each.picture for each in judged if not each.verdict]:
        sys.exit(f"{len(missing)} pictures of {VERDICTS.name} have no verdict, the first {missing[0]}: look at them")
    rows = count(judged)
    for row in rows:
        print(f"{row.measure}: {row.value:.4g} ({row.n})")
    results.record("suspects", rows, options.results)


def train(work: pathlib.Path) -> pathlib.Path:
    """Train `lines` from nothing without Kalapa, unless that was done; return the export."""
    bench_lines.draw(work / "data", DRAWN)
    bench_lines.copy("cinnamon", work / "data", work / "cinnamon", COPIES)
    if not list(work.glob("run/lines/pipeline/Pusher/pushed_model/*")):
        pipelines.train_and_judge("lines", work / "data", work / "run", overrides=bench_lines.FROM_SCRATCH)
    return pipelines.model("lines", work / "run")


def rank(records: Sequence[Record], weights: pathlib.Path, work: pathlib.Path) -> list[str]:
    """Return the sources of the first of Kalapa's lines in doubt, as `tfx-ocr suspects` lists them."""
    data = work / "kalapa"
    data.mkdir(parents=True, exist_ok=True)
    if not (data / "kalapa.tfrecord").exists():
        record_file.write(data / "kalapa.tfrecord", join_neighbours(records))
    command = [CLI, "suspects", "lines", "--data", data, "--folds", str(FOLDS), "--most", str(max(FIRST))]
    for value in (f"trainer.initial_weights={weights}", *OVERRIDES):
        command += ["--set", value]
    environment = {**os.environ, "TFX_OCR_HOME": str(work / "home")}
    print(f"tfx-ocr {' '.join(map(str, command[1:]))}", flush=True)
    printed = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8") as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            printed.append(line)
    if process.returncode:
        sys.exit(f"tfx-ocr suspects ended with status {process.returncode}")
    (work / "suspects.txt").write_text("".join(printed), encoding="utf-8")
    return list_sources("".join(printed))


def list_sources(output: str) -> list[str]:
    """Return the sources among what `tfx-ocr suspects` printed: score, label, answer and source, with tabs between."""
    parts = (line.split("\t") for line in output.splitlines())
    return [each[3] for each in parts if len(each) == 4 and re.fullmatch(r"[01]\.\d{3}", each[0])]


def join_neighbours(records: Iterable[Record]) -> list[Record]:
    """Return records whose group is a range of forms, such as `258..277`, instead of one form."""
    records = list(records)
    ranges: list[list[int]] = []
    for form in sorted({int(record.group) for record in records}):
        if ranges and form - ranges[-1][-1] <= NEIGHBOURS:
            ranges[-1].append(form)
        else:
            ranges.append([form])
    names = {str(form): f"{each[0]}..{each[-1]}" for each in ranges for form in each}
    return [dataclasses.replace(record, group=names[record.group]) for record in records]


def draw(sources: Iterable[str], count: int, seed: int) -> list[str]:
    """Return sources drawn at random, whatever their order."""
    return random.Random(seed).sample(sorted(sources), count)


def merge(known: Sequence[Judged], found: Sequence[str], drawn: Sequence[str]) -> list[Judged]:
    """Return what is to be judged in this order, with the verdicts that are known."""
    verdicts = {each.picture: each.verdict for each in known}
    ranks = [*((picture, place) for place, picture in enumerate(found, 1)), *((picture, 0) for picture in drawn)]
    return [Judged(picture, place, verdicts.get(picture, "")) for picture, place in ranks]


def read_verdicts(path: pathlib.Path) -> list[Judged]:
    """Return the lines of the file; none where it does not exist.

    Raises:
        ValueError: a verdict is not one of `KNOWN`.
    """
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        judged = [Judged(row["picture"], int(row["rank"]), row["verdict"]) for row in csv.DictReader(file)]
    for each in judged:
        if each.verdict not in ("", *KNOWN):
            raise ValueError(f"{path.name}: verdict {each.verdict!r} of {each.picture}; known: {', '.join(KNOWN)}")
    return judged


def write_verdicts(path: pathlib.Path, judged: Iterable[Judged]) -> None:
    """Write the file anew; it appears whole or not at all."""
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Judged._fields)
        writer.writerows(judged)
    os.replace(partial, path)


def count(judged: Sequence[Judged]) -> list[results.Row]:
    """Return the share of wrong labels among the first suspects and among any lines, and the other verdicts."""
    suspects = sorted((each for each in judged if each.rank), key=lambda each: each.rank)
    rows = [
        share(f"Kalapa lines, the first {first} labels in doubt: label wrong", suspects[:first], "label")
        for first in FIRST
    ]
    drawn = [each for each in judged if not each.rank]
    rows += [
        share("Kalapa lines drawn at random: label wrong", drawn, "label"),
        share("Kalapa lines drawn at random: a mark of the label is not written", drawn, "mark"),
    ]
    words: Mapping[str, str] = {
        "mark": "a mark of the label is not written",
        "slip": "the writer slipped, the label keeps it",
        "unreadable": "cannot be told",
        "spelling": "commas or the place of a tone mark only",
        "model": "label right, model wrong",
    }
    counts = collections.Counter(each.verdict for each in suspects[: max(FIRST)])
    if unknown := counts.keys() - {"label", *words}:
        raise ValueError(f"verdicts of suspects that suspects cannot have: {', '.join(sorted(unknown))}")
    first = f"Kalapa lines, the first {max(FIRST)} labels in doubt: "
    return rows + [share(first + said, suspects[: max(FIRST)], verdict) for verdict, said in words.items()]


def share(measure: str, judged: Sequence[Judged], verdict: str) -> results.Row:
    """Return the share of a verdict with its 95 % interval (Wilson, "Probable inference", 1927)."""
    from scipy import stats

    test = stats.binomtest(sum(each.verdict == verdict for each in judged), len(judged))
    interval = test.proportion_ci(method="wilson")
    return results.Row(
        measure=measure,
        value=test.statistic,
        unit="fraction",
        n=f"{len(judged)} lines",
        spread=(float(interval.low), float(interval.high)),
        command=COMMAND,
    )


if __name__ == "__main__":
    main()
