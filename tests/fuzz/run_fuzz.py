"""Try parsers on damaged inputs, on and on: `python tests/fuzz/run_fuzz.py --minutes 20`, by target or all.

The number of an input decides what it is, so a run goes on where the last one ended: tests/fuzz/counts.csv
counts the inputs of each target, how many were read, refused and failed, and the longest time. Every failure is
printed with its number; `--show TARGET NUMBER` writes its input to standard output. Half of the minutes go to
run_atheris.py, where atheris is installed.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import importlib.util
import os
import pathlib
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence

from targets import Target, load_targets, mutate

GUIDED = pathlib.Path(__file__).with_name("run_atheris.py")
COUNTS = pathlib.Path(__file__).with_name("counts.csv")
COLUMNS = ("target", "inputs", "read", "refused", "failed", "longest_s")
LONGEST_S = 5.0  # of processor time that an input may take
AT_ONCE = 200  # inputs between two looks at the clock


@dataclasses.dataclass
class Failure:
    """An input that was neither read nor refused, or took too long."""

    number: int
    reason: str


@dataclasses.dataclass
class Found:
    """What came of inputs."""

    read: int = 0
    refused: int = 0
    longest_s: float = 0.0
    failures: list[Failure] = dataclasses.field(default_factory=list)
    reasons: set[str] = dataclasses.field(default_factory=set)


def make_input(name: str, target: Target, number: int) -> tuple[str, bytes]:
    """Return the name of a seed and what became of it: the same for the same number."""
    chance = random.Random(zlib.crc32(f"{name} {number}".encode()))
    seed = chance.choice(sorted(target.seeds))
    return seed, mutate(target.seeds[seed], chance)


def try_inputs(name: str, target: Target, first: int, count: int) -> Found:
    """Try the inputs from number `first` on."""
    found = Found()
    for number in range(first, first + count):
        seed, content = make_input(name, target, number)
        begin = time.process_time()
        try:
            read = target.try_input(seed, content)
            found.read, found.refused = found.read + read, found.refused + (not read)
        except ValueError as error:
            found.refused += 1
            found.reasons.add(str(error))
        except Exception as error:  # that is what is looked for
            found.failures.append(Failure(number, f"{type(error).__name__}: {error}"))
        taken = time.process_time() - begin
        found.longest_s = max(found.longest_s, taken)
        if taken > LONGEST_S:
            found.failures.append(Failure(number, f"it took {taken:.1f} s"))
    return found


def read_counts(path: pathlib.Path) -> dict[str, dict[str, str]]:
    """Return the rows of the last run by target."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["target"]: row for row in csv.DictReader(file)}


def add_counts(path: pathlib.Path, name: str, tried: int, found: Found) -> None:
    """Add what came of some inputs to the row of a target."""
    rows = read_counts(path)
    row = rows.get(name, dict.fromkeys(COLUMNS, "0"))
    added = {"inputs": tried, "read": found.read, "refused": found.refused, "failed": len(found.failures)}
    longest = f"{max(float(row['longest_s']), found.longest_s):.3f}"
    rows[name] = {
        "target": name,
        **{key: str(int(row[key]) + more) for key, more in added.items()},
        "longest_s": longest,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[each] for each in sorted(rows))
    os.replace(partial, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every target, or those named, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="names of targets; all without one")
    parser.add_argument("--minutes", type=float, default=20.0, help="of each target")
    parser.add_argument("--inputs", type=int, help="of each target, in place of minutes")
    parser.add_argument("--counts", type=pathlib.Path, default=COUNTS, help="the CSV file")
    parser.add_argument("--show", nargs=2, metavar=("TARGET", "NUMBER"), help="write an input to standard output")
    options = parser.parse_args(arguments)
    targets, path, failed = load_targets(), options.counts, 0
    if options.show:
        name, number = options.show
        sys.stdout.buffer.write(make_input(name, targets[name], int(number))[1])
        return 0
    guided = not options.inputs and importlib.util.find_spec("atheris") is not None
    minutes = options.minutes / 2 if guided else options.minutes
    for name in options.targets or targets:
        begin, tried = time.monotonic(), 0
        while tried < options.inputs if options.inputs else time.monotonic() - begin < 60 * minutes:
            first = int(read_counts(path).get(name, {"inputs": "0"})["inputs"])
            count = min(AT_ONCE, options.inputs - tried) if options.inputs else AT_ONCE
            found = try_inputs(name, targets[name], first, count)
            add_counts(path, name, count, found)
            tried, failed = tried + count, failed + len(found.failures)
            for failure in found.failures:
                print(f"{name} {failure.number}: {failure.reason}", flush=True)
        print(f"{name}: {tried} inputs", flush=True)
        if guided:
            command = [sys.executable, str(GUIDED), name, "--minutes", str(minutes), "--counts", str(path)]
            failed += subprocess.run(command, check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
