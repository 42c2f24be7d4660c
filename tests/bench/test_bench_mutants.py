from __future__ import annotations

import argparse
import csv
import os
import signal
import subprocess
import time

import pytest

SOURCE = """from __future__ import annotations

LIMIT = 2


def add(a, b):
    return a + b


def is_low(a):
    if a < LIMIT:
        return True
    return False


def count(a):
    while a > 0:
        a -= 1
    return a


def load():
    import tensorflow

    return 1 + 2
"""
TESTS = """import pytest

from tfx_ocr.data import numbers


@pytest.fixture(scope="module")
def three():
    return numbers.add(1, 2)


def test_first(three):
    pass


def test_add(three):
    assert three == 3


def test_low():
    assert numbers.is_low(0)


def test_count():
    assert numbers.count(3) == 0
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Return a project of one module and one test file."""
    import bench_mutants

    for path, text in {
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib --strict-markers"\n'
        'markers = ["tfx", "e2e"]\n',
        "data/__init__.py": "",
        "data/numbers.py": SOURCE,
        "data/unused.py": "x = 1\n",
        "tests/data/test_numbers.py": TESTS,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(bench_mutants, "TESTS", ("tests/data",))
    monkeypatch.setattr(bench_mutants, "PATIENCE_S", 5.0)
    return tmp_path


def test_killed_and_survived_are_told_apart(tree, monkeypatch):
    import bench_mutants

    log = tree / "log.jsonl"
    fates = bench_mutants.measure(tree, 300, 0, log)
    assert {(mutant.function, mutant.before, mutant.after): killed for mutant, killed in fates.items()} == {
        ("", "2", "3"): False,
        ("", "2", "1"): False,
        ("add", "a + b", "a - b"): True,  # seen by a fixture's second test
        ("is_low", "a < LIMIT", "a <= LIMIT"): False,
        ("is_low", "a < LIMIT", "a >= LIMIT"): True,
        ("is_low", "True", "False"): True,
        ("is_low", "False", "True"): False,  # a line that the tests never come to
        ("count", "a > 0", "a >= 0"): True,
        ("count", "a > 0", "a <= 0"): True,
        ("count", "0", "1"): True,
        ("count", "0", "-1"): True,
        ("count", "a -= 1", "a += 1"): True,  # never ends
        ("count", "1", "2"): True,
        ("count", "1", "0"): True,  # nor does this
    }
    assert len(log.read_text().splitlines()) == 14
    monkeypatch.setattr(bench_mutants, "is_killed", None)
    assert bench_mutants.measure(tree, 300, 0, log) == fates  # from the log: none is run again


def test_a_test_that_fails_as_it_is_stops_the_bench(tree):
    import bench_mutants

    (tree / "tests/data/test_numbers.py").write_text("def test_it():\n    assert 0\n")
    with pytest.raises(RuntimeError, match=r"end with 1 without a mutant: tests/data/test_numbers\.py::test_it"):
        bench_mutants.measure(tree, 300, 0, None)


def test_a_fork_gives_what_its_function_returns_and_ends_with_its_children():
    import bench_mutants

    assert bench_mutants.fork(lambda: {"a": 1}, 20) == {"a": 1}
    assert bench_mutants.fork(lambda: os.kill(os.getpid(), signal.SIGKILL), 20) == 1
    begin = time.monotonic()
    assert bench_mutants.fork(lambda: subprocess.run(["sleep", "60"], check=False), 0.5) is None
    assert time.monotonic() - begin < 20
    assert bench_mutants.fork(lambda: subprocess.Popen(["sleep", "60"]).pid, 20) > 0


def test_tests_of_the_files_own_name_run_first():
    import bench_mutants
    import mutants

    lines = {
        "tests/data/test_b.py::test_other": {("data/a.py", 4)},
        "tests/data/test_a.py::test_own": {("data/a.py", 3)},
        "tests/data/test_a.py::test_elsewhere": {("data/a.py", 9), ("data/b.py", 3)},
        "tests/data/test_c.py": {("data/a.py", 3)},
    }
    names = [*lines, "tests/data/test_c.py::test_by_its_fixture", "tests/data/test_d.py::test_far"]

    def select(function: str) -> list[str]:
        return bench_mutants.select_tests(
            mutants.Mutant("data/a.py", function, "x = 1", "1", "2", 3, 4, 0), lines, names[:3] + names[4:]
        )

    assert select("f") == [names[1], names[0], names[4]]
    assert select("") == select("Class") == [names[1], names[2], names[0], names[4]]


def test_the_score_is_written_with_what_is_explained(tmp_path, monkeypatch, capsys):
    import bench_mutants
    import mutants
    import results

    explained = tmp_path / "survivors.csv"
    explained.write_text("path,text,before,after,reason\ndata/a.py,x = 1,1,2,only slower\n")
    monkeypatch.setattr(bench_mutants.read_explained, "__defaults__", (explained,))
    fates = {
        mutants.Mutant("data/a.py", "f", "x = 1", "1", "2", 3, 3, 0): False,
        mutants.Mutant("data/a.py", "f", "x = 1", "1", "0", 3, 3, 1): False,
        mutants.Mutant("data/a.py", "g", "x = 1", "1", "2", 9, 9, 2): True,
    }
    bench_mutants.report(fates, argparse.Namespace(seed=0, commit=None, results=tmp_path))
    assert capsys.readouterr().out.splitlines() == [
        "data/a.py:3 f: 1  ->  2: only slower",
        "data/a.py:3 f: 1  ->  0: NOT EXPLAINED",
        "2 of 3 survived, 1 of them explained",
    ]
    assert [(row["measure"], row["value"], row["n"]) for row in results.read(tmp_path / "house.csv")] == [
        ("mutants that survived", "2", "3 mutants drawn by seed 0"),
        ("mutants that survived and are not explained", "1", "3 mutants drawn by seed 0"),
    ]


def test_every_explained_survivor_is_a_mutant_of_its_file():
    import bench_mutants
    import mutants
    import results

    explained = bench_mutants.read_explained()
    with bench_mutants.EXPLAINED.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == len(explained) + 1
    every = {
        (mutant.path, mutant.text, mutant.before, mutant.after)
        for path in {key[0] for key in explained}
        for mutant in mutants.find_mutants(path, (results.ROOT / path).read_text(encoding="utf-8"))
    }
    assert set(explained) <= every
    assert all(len(reason) > 10 for reason in explained.values())
