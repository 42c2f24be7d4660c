"""Try parsers on damaged inputs, on and on: `python tests/fuzz/run_fuzz.py --minutes 20`, by target or all.

The number of an input decides what it is, so a run goes on where the last one ended, and a target that has had its
minutes is done: tests/fuzz/counts.csv counts the inputs of each target, how many were read, refused and failed, the
longest time, the minutes by the clock and of processor time, and the memory. Every failure is printed with its number;
`--show TARGET NUMBER` writes its input to standard output. Half of the minutes go to run_atheris.py, where atheris is
installed. `--jobs N` tries N targets at once.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import csv
import dataclasses
import fcntl
import importlib.util
import os
import pathlib
import random
import resource
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence

from targets import Target, load_targets, mutate

GUIDED = pathlib.Path(__file__).with_name("run_atheris.py")
COUNTS = pathlib.Path(__file__).with_name("counts.csv")
SUMS = ("inputs", "read", "refused", "failed")
COLUMNS = ("target", *SUMS, "longest_s", "minutes", "processor_minutes", "grown_mb")
LONGEST_S = 5.0  # of processor time that an input may take
INTERRUPTED = 72  # libFuzzer's exit code after a signal to stop
MOST_MB = 1024  # by which a process may grow
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
    grown_mb: float = 0.0
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


def read_minutes(path: pathlib.Path, name: str) -> float:
    """Return the minutes by the clock that a target has been tried."""
    return float(read_counts(path).get(name, {"minutes": "0"})["minutes"])


def add_counts(path: pathlib.Path, name: str, tried: int, found: Found, minutes: float, processor: float) -> None:
    """Add what came of some inputs to the row of a target; other processes may add to other rows meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = read_counts(path)
        row = rows.get(name, dict.fromkeys(COLUMNS, "0"))
        added = (tried, found.read, found.refused, len(found.failures))
        rows[name] = {
            "target": name,
            **{key: str(int(row[key]) + more) for key, more in zip(SUMS, added, strict=True)},
            "longest_s": f"{max(float(row['longest_s']), found.longest_s):.3f}",
            "minutes": f"{float(row['minutes']) + minutes:.6f}",
            "processor_minutes": f"{float(row['processor_minutes']) + processor:.6f}",
            "grown_mb": f"{max(float(row['grown_mb']), found.grown_mb):.0f}",
        }
        partial = path.with_suffix(".partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[each] for each in sorted(rows))
        os.replace(partial, path)


class Clock:
    """Minutes by the clock and of processor time since the last look."""

    def __init__(self) -> None:
        self._last = self._read()

    def look(self) -> tuple[float, float]:
        """Return the minutes by the clock and of processor time since the last look, or since the clock was made."""
        before, self._last = self._last, self._read()
        return self._last[0] - before[0], self._last[1] - before[1]

    def _read(self) -> tuple[float, float]:
        return time.monotonic() / 60, time.process_time() / 60


def read_peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def try_target(name: str, options: argparse.Namespace) -> int:
    """Try one target for its inputs or its minutes, and count; return the number of failures."""
    target, path = load_targets()[name], options.counts
    guided = not options.inputs and importlib.util.find_spec("atheris") is not None
    minutes = options.minutes / 2 if guided else options.minutes
    clock, tried, failed, begin_mb = Clock(), 0, 0, read_peak_mb()
    while tried < options.inputs if options.inputs else read_minutes(path, name) < minutes:
        first = int(read_counts(path).get(name, {"inputs": "0"})["inputs"])
        count = min(AT_ONCE, options.inputs - tried) if options.inputs else AT_ONCE
        found = try_inputs(name, target, first, count)
        found.grown_mb = read_peak_mb() - begin_mb
        if found.grown_mb > MOST_MB:
            found.failures.append(Failure(first, f"memory grew by {found.grown_mb:.0f} MB within {count} inputs"))
            begin_mb = read_peak_mb()
        by_clock, processor = clock.look()
        add_counts(path, name, count, found, by_clock, processor)
        tried, failed = tried + count, failed + len(found.failures)
        for failure in found.failures:
            print(f"{name} {failure.number}: {failure.reason}", flush=True)
    print(f"{name}: {tried} inputs, {failed} failed", flush=True)
    if guided and (left := minutes - read_minutes(path, f"{name} guided")) > 0:
        command = [sys.executable, str(GUIDED), name, "--minutes", str(left), "--counts", str(path)]
        command += ["--corpus", str(path.parent / "corpus")]
        code = subprocess.run(command, check=False).returncode
        if code not in (0, INTERRUPTED):
            failure = Failure(-1, f"guided inputs ended with exit code {code}: see {path.parent / 'corpus'}")
            print(f"{name}: {failure.reason}", flush=True)
            add_counts(path, f"{name} guided", 0, Found(failures=[failure]), 0, 0)
            failed += 1
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every target, or those named, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="names of targets; all without one")
    parser.add_argument("--minutes", type=float, default=20.0, help="of each target, earlier runs included")
    parser.add_argument("--inputs", type=int, help="of each target, in place of minutes")
    parser.add_argument("--jobs", type=int, default=1, help="targets that are tried at once")
    parser.add_argument("--counts", type=pathlib.Path, default=COUNTS, help="the CSV file")
    parser.add_argument("--show", nargs=2, metavar=("TARGET", "NUMBER"), help="write an input to standard output")
    options = parser.parse_args(arguments)
    if options.show:
        name, number = options.show
        sys.stdout.buffer.write(make_input(name, load_targets()[name], int(number))[1])
        return 0
    names = options.targets or list(load_targets())
    if options.jobs == 1:
        return 1 if sum(try_target(name, options) for name in names) else 0
    given = ["--minutes", str(options.minutes), "--counts", str(options.counts)]
    given += ["--inputs", str(options.inputs)] if options.inputs else []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:  # each target in a process of its own
        codes = pool.map(
            lambda name: subprocess.run([sys.executable, __file__, name, *given], check=False).returncode, names
        )
        return 1 if any(list(codes)) else 0


if __name__ == "__main__":
    sys.exit(main())
