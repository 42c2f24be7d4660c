from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("source", "statements"),
    [
        ("", 0),
        ('"""A module."""\n\n# a comment\n', 0),
        ("x = 1; y = 2\n", 2),
        ("if x:\n    y = 1\nelse:\n    y = 2\n", 3),
        ('def f():\n    """Return."""\n    return lambda: 1\n', 2),
        ('class A:\n    x: int\n    """An attribute."""\n\n    def f(self): ...\n', 4),
        ("try:\n    pass\nexcept ValueError:\n    pass\n", 3),
    ],
    ids=["empty", "text", "one_line", "branches", "function", "class", "handler"],
)
def test_statements_are_counted_without_docstrings_and_comments(source, statements):
    import bench_house

    assert bench_house.count_statements(source) == statements


def test_a_tree_is_counted_outside_its_tests(tmp_path):
    import bench_house

    for path, source in {
        "setup.py": "x = 1\n",
        "data/a.py": 'def page():\n    """Page of one."""\n    return 1\n',
        "tests/test_a.py": "x = 1\ny = 2\n",
        "work/b.py": "x = 1\n",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(source)
    rows = {row.measure: (row.value, row.n) for row in bench_house.count(tmp_path, ", once")}
    assert rows == {
        "docstrings of public functions that do not begin with a verb, once": (1, "1 docstrings"),
        "paraphrases in text, once": (0, "1 comments and strings"),
        "public functions named by a noun or a participle, once": (1, "1 functions"),
        "statements outside tests, once": (3, "2 files"),
    }


def test_a_commit_and_this_tree_are_written_down(tmp_path, monkeypatch):
    import bench_house
    import results

    project, source = tmp_path / "project", tmp_path / "project" / "data" / "a.py"
    source.parent.mkdir(parents=True)
    source.write_text("x = 1\ny = 2\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "first")):
        subprocess.run(["git", *command], cwd=project, check=True)
    source.write_text("x = 1\n")
    monkeypatch.setattr(results, "ROOT", project)
    monkeypatch.setattr(bench_house, "BEFORE", "HEAD")
    monkeypatch.setattr(sys, "argv", ["bench_house.py", "--results", str(tmp_path)])
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    bench_house.main()
    rows = results.read(tmp_path / "house.csv")
    assert len(rows) == 8
    assert [row["measure"] for row in rows[:4]] == [f"{row['measure']}, at HEAD" for row in rows[4:]]
    assert [(row["value"], row["n"]) for row in rows[3::4]] == [("2", "1 files"), ("1", "1 files")]
