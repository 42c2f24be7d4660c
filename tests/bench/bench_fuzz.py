"""Every parser on damaged inputs for 20 minutes each: inputs that raised an error, hung or took too much memory.

Tries each target until it has had its minutes, as `make fuzz` does, and writes to tests/bench/results/fuzz.csv how many
of its inputs failed, of how many in what time. Goes on where the last run ended, `make fuzz` included.

    python tests/bench/bench_fuzz.py --jobs 5
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
from collections.abc import Mapping

import results

SCRIPT = results.ROOT / "tests" / "fuzz" / "run_fuzz.py"
COUNTS = SCRIPT.with_name("counts.csv")
COMMAND = "python tests/bench/bench_fuzz.py --jobs {jobs}"


def make_rows(counts: Mapping[str, Mapping[str, str]], command: str) -> list[results.Row]:
    """Return a row per target, guided inputs among its own, and the rows of all."""
    targets = sorted(name for name in counts if not name.endswith(" guided"))
    rows = [
        results.Row(measure=f"{name}: failed", value=failed, unit="inputs", n=n, command=command)
        for name in targets
        for failed, n in [_describe([counts[each] for each in (name, f"{name} guided") if each in counts])]
    ]
    failed, n = _describe(list(counts.values()))
    longest = max(float(row["longest_s"]) for row in counts.values())
    grown = max(float(row["grown_mb"]) for row in counts.values())
    rows += [
        results.Row(measure="all parsers: failed", value=failed, unit="inputs", n=n, command=command),
        results.Row(measure="all parsers: longest time of an input", value=longest, unit="s", n=n, command=command),
        results.Row(
            measure="all parsers: most memory that a process grew by", value=grown, unit="MB", n=n, command=command
        ),
    ]
    return rows


def _describe(counts: list[Mapping[str, str]]) -> tuple[int, str]:
    """Return how many inputs failed, and of how many in what time, in words."""
    inputs, failed = (sum(int(row[key]) for row in counts) for key in ("inputs", "failed"))
    minutes, processor = (sum(float(row[key]) for row in counts) for key in ("minutes", "processor_minutes"))
    return failed, f"{inputs:,} inputs, {minutes:.0f} minutes, {processor:.0f} of processor time"


def main() -> int:
    """Try, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="names of targets; all without one")
    parser.add_argument("--minutes", type=float, default=20.0, help="of each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets that are tried at once")
    parser.add_argument("--counts", type=pathlib.Path, default=COUNTS, help="what run_fuzz.py has counted")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    given = ["--minutes", str(options.minutes), "--jobs", str(options.jobs), "--counts", str(options.counts)]
    subprocess.run([sys.executable, str(SCRIPT), *options.targets, *given], check=False)
    sys.path.insert(0, str(SCRIPT.parent))
    import run_fuzz

    rows = make_rows(run_fuzz.read_counts(options.counts), COMMAND.format(jobs=options.jobs))
    results.record("fuzz", rows, options.results)
    for row in rows:
        print(f"{row.measure}: {row.value} {row.unit} of {row.n}")
    return 1 if rows[-3].value else 0


if __name__ == "__main__":
    sys.exit(main())
