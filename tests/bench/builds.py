"""Builds of the project that are measured side by side: this checkout, and another one with its own `.venv`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence

import results


@dataclasses.dataclass(frozen=True)
class Used:
    """What a process and its children took.

    Attributes:
        wall: seconds.
        cpu: seconds.
        peak: MB of the largest of them; at least that of this process, which a new one begins as a copy of.
        output: of both streams.
    """

    wall: float
    cpu: float
    peak: float
    output: str


@dataclasses.dataclass(frozen=True)
class Build:
    """A checkout in which `make setup` was run."""

    root: pathlib.Path = results.ROOT

    @property
    def commit(self) -> str:
        """Short name of its commit."""
        return results.commit(self.root)

    @property
    def cli(self) -> str:
        """Path of its `tfx-ocr`.

        Raises:
            FileNotFoundError: `make setup` was not run there.
        """
        path = self.root / ".venv" / "bin" / "tfx-ocr"
        if not path.exists():
            raise FileNotFoundError(f"no {path}: run `make setup` in {self.root}")
        return str(path)


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--against`, for `list_builds`."""
    parser.add_argument("--against", type=pathlib.Path, help="checkout of another commit, after `make setup` in it")


def list_builds(options: argparse.Namespace) -> list[Build]:
    """Return the other build, where one is named, and this one, in the order of their measurement."""
    return [Build(options.against.resolve()), Build()] if options.against else [Build()]


def run(command: Sequence[str], statuses: Sequence[int] = (0,), **options: object) -> Used:
    """Run a command to its end.

    Args:
        command: program and arguments.
        statuses: exit statuses that it may end with.
        options: of `subprocess.Popen`.

    Raises:
        RuntimeError: it ended with another status; what it said is in the message.
    """
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, text=True, **options)
        _, status, usage = os.wait4(process.pid, 0)
        wall, process.returncode = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    if process.returncode not in statuses:
        raise RuntimeError(f"{' '.join(command[:4])} ended with {process.returncode}:\n{output}")
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def alternate(builds: Sequence[Build], measure: Callable[[Build], float], repeats: int) -> list[list[float]]:
    """Measure the builds in turn, so that what else the machine does meets them alike.

    Returns:
        Each build's values, in the order of `builds`.
    """
    rounds = [[measure(build) for build in builds] for _ in range(repeats)]
    return [list(values) for values in zip(*rounds, strict=True)]


def compare(
    measure: str, builds: Sequence[Build], values: Sequence[Sequence[float]], unit: str, command: str
) -> list[results.Row]:
    """Return this build's median as a row; with another build, its own and how many times less this one took.

    Args:
        measure: in words.
        builds: as `list_builds` returns them.
        values: of each, as `alternate` returns them.
        unit: of the values.
        command: what measures them again.
    """
    n = f"{len(values[0])} runs" if len(values[0]) > 1 else "1 run"

    def row(what: str, of: Sequence[float], unit: str) -> results.Row:
        return results.Row(
            measure=what, value=statistics.median(of), unit=unit, n=n, spread=results.spread(of), command=command
        )

    rows = [row(measure, values[-1], unit)]
    if len(builds) > 1:
        ratios = [before / after for before, after in zip(*values, strict=True)]
        rows.append(row(f"{measure}, {builds[0].commit}", values[0], unit))
        rows.append(row(f"{measure}, {builds[0].commit} in the same run against it", ratios, "times"))
    return rows
