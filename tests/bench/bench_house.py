"""Count what keeps the house plain: words to rewrite and statements outside tests, now and at the commit BEFORE.

Writes to tests/bench/results/house.csv the three counts of tests/words.py and the statements of the syntax tree (`ast`;
not docstrings, not comments), each of this tree and of BEFORE, which git unpacks into a temporary folder.

    python tests/bench/bench_house.py
"""

from __future__ import annotations

import argparse
import ast
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import results

BEFORE = "920a734"
COMMAND = "python tests/bench/bench_house.py"
OUTSIDE_TESTS = ("pipeline", "components", "data", "serving", "setup.py")
MEASURES = {
    "docstrings": "docstrings of public functions that do not begin with a verb",
    "phrases": "paraphrases in text",
    "names": "public functions named by a noun or a participle",
}


def main() -> None:
    """Count both trees and write the counts down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        unpack(BEFORE, pathlib.Path(folder))
        rows = [*count(pathlib.Path(folder), f", at {BEFORE}"), *count(results.ROOT, "")]
    for row in rows:
        print(f"{row.measure}: {row.value:g} {row.unit} of {row.n}")
    results.record("house", rows, options.results)


def unpack(commit: str, folder: pathlib.Path) -> None:
    """Write the files of a commit into a folder."""
    packed = subprocess.run(["git", "archive", commit], cwd=results.ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def count(root: pathlib.Path, when: str) -> list[results.Row]:
    """Return the counts of a tree as rows, whose measures end with `when`."""
    sys.path.append(str(results.ROOT / "tests"))
    import words

    counts, judged = words.count_places(words.find_places(root)), words.count_judged(root)
    units = {"docstrings": "docstrings", "phrases": "places", "names": "functions"}
    of = {"docstrings": "docstrings", "phrases": "comments and strings", "names": "functions"}
    rows = [
        results.Row(
            measure=MEASURES[kind] + when,
            value=counts[kind],
            unit=units[kind],
            n=f"{judged[kind]} {of[kind]}",
            command=COMMAND,
        )
        for kind in words.KINDS
    ]
    files = find_sources(root)
    statements = sum(count_statements(file.read_text(encoding="utf-8")) for file in files)
    measure = "statements outside tests" + when
    return [
        *rows,
        results.Row(measure=measure, value=statements, unit="statements", n=f"{len(files)} files", command=COMMAND),
    ]


def find_sources(root: pathlib.Path) -> list[pathlib.Path]:
    """Return the Python files outside tests, benches included in tests."""
    places = [root / name for name in OUTSIDE_TESTS]
    return [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))]


def count_statements(source: str) -> int:
    """Return the number of statements in Python source; a string that stands alone is a comment, not a statement."""
    return sum(
        isinstance(node, ast.stmt)
        and not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        for node in ast.walk(ast.parse(source))
    )


if __name__ == "__main__":
    sys.exit(main())
