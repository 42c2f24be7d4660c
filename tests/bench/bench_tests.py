"""What `make test` costs, and the one-graph proof: modules that name a recipe outside its own file.

Runs the three tiers one after the other, as `make test` does, and writes tests/bench/results/tests.csv. A tier that
fails stops the bench with what it said.

    python tests/bench/bench_tests.py
"""

from __future__ import annotations

import argparse
import ast
import pathlib
import re
import subprocess
import sys
import time

import results

TIERS = {"unit": "not tfx and not e2e", "tfx": "tfx and not e2e", "e2e": "e2e"}  # as the Makefile has them
PASSED = re.compile(r"(\d+) passed")
COMMAND = "python tests/bench/bench_tests.py"


def main() -> None:
    """Count, run, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    from tfx_ocr.pipeline.recipes import RECIPES

    modules = [path for room in ("components", "pipeline") for path in sorted((results.ROOT / room).rglob("*.py"))]
    outside = [path for path in modules if path.parent != results.ROOT / "pipeline" / "recipes"]
    naming = [path for path in outside if names_one_of(path, frozenset(RECIPES))]
    rows = [
        results.Row(
            measure="one graph: modules of pipeline/ and components/ that name a recipe outside pipeline/recipes/",
            value=len(naming),
            unit="modules",
            n=f"{len(outside)} modules",
            command=COMMAND,
        )
    ]
    minutes, tests = 0.0, 0
    for tier, marker in TIERS.items():
        start = time.perf_counter()
        passed = run(marker)
        took = (time.perf_counter() - start) / 60
        print(f"{tier}: {passed} passed in {took:.1f} min", flush=True)
        minutes, tests = minutes + took, tests + passed
    rows.append(results.Row(measure="make test", value=minutes, unit="min", n=f"{tests:,} tests", command=COMMAND))
    results.record("tests", rows, options.results)


def names_one_of(path: pathlib.Path, names: frozenset[str]) -> bool:
    """Whether a module has one of the names as a string."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Constant) and node.value in names for node in ast.walk(tree))


def run(marker: str) -> int:
    """Run a tier; how many of its tests passed.

    Raises:
        RuntimeError: one failed; what was said last is in the message.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-m", marker]
    done = subprocess.run(command, cwd=results.ROOT, capture_output=True, text=True, check=False)
    found = PASSED.search(done.stdout)
    if done.returncode or not found:
        said = done.stdout[-3000:] + done.stderr[-1000:]
        raise RuntimeError(f"pytest -m {marker!r} ended with {done.returncode}:\n{said}")
    return int(found[1])


if __name__ == "__main__":
    sys.exit(main())
