from __future__ import annotations

import resource
import sys

import pytest


def test_a_process_is_measured():
    import builds

    used = builds.run([sys.executable, "-c", "x = bytearray(10**8); print('one'); import sys; sys.exit(3)"], (3,))
    assert used.output == "one\n"
    assert 100 < used.peak < max(300, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000 + 10)
    assert 0 < used.cpu < 5
    assert used.wall > 0


def test_a_process_that_fails_is_no_measure():
    import builds

    with pytest.raises(RuntimeError, match=r"(?s)ended with 3:\ntwo\n"):
        builds.run([sys.executable, "-c", "import sys; sys.stderr.write('two\\n'); sys.exit(3)"])


def test_builds_take_turns():
    import builds

    order = []

    def measure(build):
        order.append(build)
        return float(len(order))

    assert builds.alternate(["old", "new"], measure, 3) == [[1, 3, 5], [2, 4, 6]]
    assert order == ["old", "new"] * 3


def test_a_comparison_has_both_medians_and_the_median_ratio_of_the_pairs(monkeypatch):
    import builds

    monkeypatch.setattr(builds.results, "commit", lambda root: root)
    rows = builds.compare("x", [builds.Build("old"), builds.Build("new")], [[8, 6, 9], [2, 3, 1]], "s", "python y.py")
    assert [(row.measure, row.value, row.unit, row.spread) for row in rows] == [
        ("x", 2, "s", (1, 3)),
        ("x, old", 8, "s", (6, 9)),
        ("x, old in the same run against it", 4, "times", (2, 9)),
    ]
    assert {row.n for row in rows} == {"3 runs"}
    assert [row.measure for row in builds.compare("x", [builds.Build("new")], [[2]], "s", "")] == ["x"]


def test_a_checkout_without_an_environment_is_refused(tmp_path):
    import builds

    with pytest.raises(FileNotFoundError, match="run `make setup` in"):
        _ = builds.Build(tmp_path).cli
