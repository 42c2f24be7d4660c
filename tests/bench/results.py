"""Keep measurements in `tests/bench/results/<part>.csv`, one row per measure; docs/benchmarks.md shows them."""

from __future__ import annotations

import csv
import dataclasses
import os
import pathlib
import platform
import subprocess
from collections.abc import Iterable, Sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "tests" / "bench" / "results"
COLUMNS = ("measure", "value", "unit", "n", "spread", "hardware", "commit", "command")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement.

    Attributes:
        measure: what was measured, in words; identifies the row.
        value: the mean if there were several repeats.
        unit: unit of the value; `fraction` for values between 0 and 1.
        n: what it was measured over, such as `3 draws` or `10000 images`.
        spread: lowest and highest repeat, or the ends of the 95 % interval; None for a single measurement.
        command: how to measure it again, without a path of this machine.
    """

    measure: str
    value: float
    unit: str
    n: str
    spread: tuple[float, float] | None = None
    command: str


def record(part: str, rows: Iterable[Row], folder: pathlib.Path = RESULTS) -> pathlib.Path:
    """Write rows with this machine's hardware and the commit; replace rows of the same measure in place.

    Args:
        part: recipe or part of the project; the name of the file.
        rows: new measurements.
        folder: folder of the files.

    Returns:
        The file. It is replaced by a rename, so an interrupted write leaves the old one.
    """
    path = folder / f"{part}.csv"
    kept = {row["measure"]: row for row in read(path)}
    machine, measured = hardware(), commit()
    for row in rows:
        kept[row.measure] = {
            "measure": row.measure,
            "value": f"{row.value:.5g}",
            "unit": row.unit,
            "n": row.n,
            "spread": "" if row.spread is None else f"{row.spread[0]:.5g} to {row.spread[1]:.5g}",
            "hardware": machine,
            "commit": measured,
            "command": row.command,
        }
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept.values())
    os.replace(partial, path)
    return path


def read(path: pathlib.Path) -> list[dict[str, str]]:
    """Return the rows of a file in order; an empty list if the file does not exist.

    Raises:
        ValueError: the file has other columns.
    """
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name} has the columns {reader.fieldnames}; expected: {', '.join(COLUMNS)}")
        return list(reader)


def hardware() -> str:
    """Return the processor and the cores available to this process, such as `2 cores of AMD EPYC 7763`."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} cores of {models[0] if models else platform.machine()}"


def commit(root: pathlib.Path = ROOT) -> str:
    """Return the measured commit: 12 hex digits, followed by `+` if tracked files have changed since.

    Files that measuring itself writes do not count: the results and what is generated from them.
    """
    generated = [":!tests/bench/results", ":!README.md", ":!docs/benchmarks.md", ":!docs/images"]
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", *generated)
    return head + ("+" if changed else "")


def _git(root: pathlib.Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def spread(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the lowest and the highest value; None for a single value."""
    return (min(values), max(values)) if len(values) > 1 else None
