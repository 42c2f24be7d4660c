"""What fuzzing counted, as rows of a benchmark."""

from __future__ import annotations

import csv
import subprocess
import sys


def count(inputs, failed, minutes, longest="0.010", grown="3"):
    return {
        "inputs": str(inputs),
        "failed": str(failed),
        "minutes": str(minutes),
        "processor_minutes": str(minutes / 2),
        "longest_s": longest,
        "grown_mb": grown,
    }


def test_guided_inputs_count_among_those_of_their_target():
    import bench_fuzz

    counts = {"page": count(1000, 1, 10), "page guided": count(500, 0, 10, longest="0.200"), "alto": count(7, 0, 2)}
    rows = {row.measure: (row.value, row.n) for row in bench_fuzz.make_rows(counts, "command")}
    assert rows == {
        "alto: failed": (0, "7 inputs, 2 minutes, 1 of processor time"),
        "page: failed": (1, "1,500 inputs, 20 minutes, 10 of processor time"),
        "all parsers: failed": (1, "1,507 inputs, 22 minutes, 11 of processor time"),
        "all parsers: longest time of an input": (0.2, "1,507 inputs, 22 minutes, 11 of processor time"),
        "all parsers: most memory that a process grew by": (3.0, "1,507 inputs, 22 minutes, 11 of processor time"),
    }


def test_targets_are_tried_and_counted(tmp_path):
    import bench_fuzz

    command = [sys.executable, bench_fuzz.__file__, "set idx", "--minutes", "0.0001"]
    subprocess.run(
        [*command, "--counts", str(tmp_path / "counts.csv"), "--results", str(tmp_path)],
        check=True,
        capture_output=True,
    )
    rows = {row["measure"]: row for row in csv.DictReader((tmp_path / "fuzz.csv").open(encoding="utf-8"))}
    assert rows["all parsers: failed"]["value"] == "0"
    assert int(rows["set idx: failed"]["n"].partition(" inputs, ")[0].replace(",", "")) >= 200
