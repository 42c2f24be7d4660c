"""What was measured, kept: `tests/bench/results/<part>.csv`, one row a measure, committed and shown in the README."""

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
    """One measure.

    Attributes:
        measure: what was measured, in words; the name of the row.
        value: the mean where it was measured more than once.
        unit: of the value; `fraction` for what lies between 0 and 1.
        n: over how many what, such as `3 draws` or `10000 images`.
        spread: lowest and highest of the repeats, or of the 95 % interval; None for one measurement.
        command: what a reader types to measure it again: no path of this machine.
    """

    measure: str
    value: float
    unit: str
    n: str
    spread: tuple[float, float] | None = None
    command: str


def record(part: str, rows: Iterable[Row], folder: pathlib.Path = RESULTS) -> pathlib.Path:
    """Write rows with this machine's hardware and the commit; a row of the same measure is replaced where it stands.

    Args:
        part: recipe or part of the project; the file's name.
        rows: measured now.
        folder: where the files lie.

    Returns:
        The file. It is replaced as a whole: a kill leaves the old one.
    """
    path = folder / f"{part}.csv"
    kept = {row["measure"]: row for row in read(path)}
    settings, now = hardware(), commit()
    for row in rows:
        kept[row.measure] = {
            "measure": row.measure,
            "value": f"{row.value:.5g}",
            "unit": row.unit,
            "n": row.n,
            "spread": "" if row.spread is None else f"{row.spread[0]:.5g} to {row.spread[1]:.5g}",
            "hardware": settings,
            "commit": now,
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
    """Rows of a file in its order; none where it is not there yet.

    Raises:
        ValueError: it has other columns.
    """
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name} has the columns {reader.fieldnames}; wanted: {', '.join(COLUMNS)}")
        return list(reader)


def hardware() -> str:
    """Processor and cores that this process may use, such as `2 cores of AMD EPYC 7763`. No host name."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} cores of {models[0] if models else platform.machine()}"


def commit(root: pathlib.Path = ROOT) -> str:
    """The commit that was measured: 12 hex digits, and `+` where files that git knows were changed since.

    What measuring itself writes does not count: the results and the README's table.
    """
    unchanged = [":!tests/bench/results", ":!README.md"]
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", *unchanged)
    return head + ("+" if changed else "")


def _git(root: pathlib.Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def spread(values: Sequence[float]) -> tuple[float, float] | None:
    """Lowest and highest; None for a single value."""
    return (min(values), max(values)) if len(values) > 1 else None
