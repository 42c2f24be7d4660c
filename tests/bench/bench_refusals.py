"""Wrong data and wrong recipes: seconds from the command to the sentence; and to look at 10,000 files.

Each command runs as a whole process, five times, in a folder of its own. A run that is not refused, or refused with
other words, ends the bench. Writes to tests/bench/results/refusals.csv.

    python tests/bench/bench_refusals.py
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

import results
from PIL import Image

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")
REPEATS = 5
SIDE = 28  # pixels of a drawn picture
MISSPELT = 'task = "classification"\nclasses = ["A", "B"]\n\n[trainer]\nnetwrk = "small_cnn"\n'


class Case(NamedTuple):
    """A command: what is wrong, its words, its exit status, and a part of the sentence that it must print."""

    what: str
    words: tuple[str, ...]
    status: int
    sentence: str


CASES = (
    Case("labels of another alphabet: run", ("run", "digits", "--data", "letters"), 2, "tfx-ocr new"),
    Case("a folder without pictures: run", ("run", "digits", "--data", "empty"), 2, "empty"),
    Case("a recipe with a misspelt field: run", ("run", "misspelt", "--data", "letters"), 2, "netwrk"),
    Case("a recipe that is unknown: run", ("run", "letter", "--data", "letters"), 2, "letter"),
    Case("one class: new", ("new", "single", "--data", "single"), 2, "one label"),
    Case("10,000 pictures of digits: check", ("check", "digits", "--data", "many"), 0, "10,000 records"),
)


def main() -> None:
    """Draw the folders, run each case, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        draw(pathlib.Path(home))
        results.record("refusals", [measure(pathlib.Path(home), case) for case in CASES], options.results)


def draw(home: pathlib.Path, many: int = 10_000) -> None:
    """Write the folders and the recipe that the cases name; pictures differ in one pixel."""
    (home / "empty").mkdir()
    (home / "recipes").mkdir()
    (home / "recipes" / "misspelt.toml").write_text(MISSPELT, encoding="utf-8")
    for name, labels, count in (("letters", "ABC", 201), ("single", "A", 50), ("many", "0123456789", many)):
        for at in range(count):
            folder = home / name / labels[at % len(labels)]
            folder.mkdir(parents=True, exist_ok=True)
            image = Image.new("L", (SIDE, SIDE), 255)
            image.putpixel((at % SIDE, at // SIDE % SIDE), at // SIDE**2)
            image.save(folder / f"{at}.png")


def measure(home: pathlib.Path, case: Case) -> results.Row:
    """Return the median of the wall seconds of a command, with their range.

    Raises:
        RuntimeError: the command ended with another status or other words.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TFX_OCR_")}
    seconds = []
    for _ in range(REPEATS):
        shutil.rmtree(home / "work", ignore_errors=True)
        began = time.perf_counter()
        done = subprocess.run(
            [CLI, *case.words], cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        seconds.append(time.perf_counter() - began)
        said = done.stdout + done.stderr
        if done.returncode != case.status or case.sentence not in said:
            raise RuntimeError(f"{case.what}: ended with {done.returncode}:\n{said}")
    print(f"{case.what}: {statistics.median(seconds):.2f} s", flush=True)
    return results.Row(
        measure=f"{case.what}, to the end of the command",
        value=statistics.median(seconds),
        unit="s",
        n=f"{REPEATS} runs",
        spread=(min(seconds), max(seconds)),
        command="python tests/bench/bench_refusals.py",
    )


if __name__ == "__main__":
    sys.exit(main())
