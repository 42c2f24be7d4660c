from __future__ import annotations

import collections
import os

import pytest


def test_the_slope_is_that_of_least_squares():
    """Means 1.5 and 1: (-1.5 x -1) + (-0.5 x -1) + (0.5 x -1) + (1.5 x 3) = 6, over 2.25 + 0.25 + 0.25 + 2.25 = 5."""
    import bench_soak

    assert bench_soak.slope([(0, 0), (1, 0), (2, 0), (3, 4)]) == pytest.approx(1.2)  # first to last is 4 / 3
    assert bench_soak.slope([(5, 7), (6, 7), (9, 7)]) == 0


@pytest.mark.parametrize("samples", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 3.0)]], ids=["none", "one", "one_time"])
def test_one_time_has_no_slope(samples):
    import bench_soak

    with pytest.raises(ValueError, match="let it run for longer"):
        bench_soak.slope(samples)


def test_the_warm_up_is_a_fifth_of_the_time_and_at_most_three_minutes():
    import bench_soak

    samples = [(float(second), 0.0) for second in range(0, 1801, 60)]
    assert bench_soak.after_warm_up(samples, 300)[0] == (60.0, 0.0)
    assert bench_soak.after_warm_up(samples, 1800)[0] == (180.0, 0.0)


def test_rows_say_growth_a_minute_and_leave_the_warm_up_out():
    """60 s; 100 MB more in the first 10 s, then 0.5 MB each 10 s: 3 MB a minute."""
    import bench_soak

    samples = [(0.0, 100.0), *((float(second), 200 + second / 20) for second in range(20, 61, 10))]
    counts = collections.Counter({"sound": 1900, "failed": 2, "malformed": 100, "wrong code": 1})
    found = {row.measure.partition(": ")[2]: row for row in bench_soak.rows(1.0, counts, samples, crashed=True)}
    assert [(name, pytest.approx(row.value), row.unit, row.n) for name, row in found.items()] == [
        ("growth of resident memory after the warm-up", 3.0, "MB/min", "1 minutes"),
        ("resident memory at the end", 203.0, "MB", "1 minutes"),
        ("crashes", 1, "crashes", "1 minutes"),
        ("valid requests that failed or were answered wrongly", 2, "requests", "1,900 requests"),
        ("malformed requests answered with a wrong status code", 1, "requests", "100 requests"),
    ]
    assert {row.command for row in bench_soak.rows(1.0, counts, samples, crashed=False)} == {
        "python tests/bench/bench_soak.py --minutes 1"
    }


def test_resident_memory_is_in_megabytes():
    import bench_soak

    before = bench_soak.resident_mb(os.getpid())
    held = bytearray(os.urandom(64_000_000))
    assert bench_soak.resident_mb(os.getpid()) - before == pytest.approx(64, abs=16)
    assert len(held) == 64_000_000
