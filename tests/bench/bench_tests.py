"""What `make test` costs, and the one-graph proof: modules that name a recipe outside its own file.

Runs the three tiers one after the other, as `make test` does, and writes tests/bench/results/tests.csv. A tier that
fails stops the bench with what it said.

    python tests/bench/bench_tests.py
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys
import time

import results

TIERS = ("unit", "tfx", "e2e")  # make test-unit and so on
PASSED = re.compile(r"(\d+) passed")
COMMAND = "python tests/bench/bench_tests.py"


def main() -> None:
    """Count, run, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    sys.path.append(str(results.ROOT / "tests"))
    from test_layers import names_of_recipes

    found = {**names_of_recipes("components"), **names_of_recipes("pipeline")}
    rows = [
        results.Row(
            measure="one graph: modules of pipeline/ and components/ that name a recipe outside pipeline/recipes/",
            value=sum(map(bool, found.values())),
            unit="modules",
            n=f"{len(found)} modules",
            command=COMMAND,
        )
    ]
    minutes, tests = 0.0, 0
    for tier in TIERS:
        start = time.perf_counter()
        passed = run(tier)
        took = (time.perf_counter() - start) / 60
        print(f"{tier}: {passed} passed in {took:.1f} min", flush=True)
        minutes, tests = minutes + took, tests + passed
    rows.append(results.Row(measure="make test", value=minutes, unit="min", n=f"{tests:,} tests", command=COMMAND))
    results.record("tests", rows, options.results)


def run(tier: str) -> int:
    """Run a tier; how many of its tests passed.

    Raises:
        RuntimeError: one failed; what was said last is in the message.
    """
    command = ["make", f"test-{tier}"]
    done = subprocess.run(command, cwd=results.ROOT, capture_output=True, text=True, check=False)
    found = PASSED.search(done.stdout)
    if done.returncode or not found:
        said = done.stdout[-3000:] + done.stderr[-1000:]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return int(found[1])


if __name__ == "__main__":
    sys.exit(main())
