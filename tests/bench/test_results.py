from __future__ import annotations

import subprocess

import pytest


def row(measure, value, **others):
    import results

    return results.Row(
        measure=measure, value=value, **{"unit": "fraction", "n": "3 draws", "command": "make x", **others}
    )


def test_a_measure_replaces_its_own_row_and_keeps_the_others_in_place(tmp_path):
    import results

    results.record("digits", [row("accuracy", 0.98), row("macro F1", 0.97)], tmp_path)
    results.record("digits", [row("accuracy", 0.99, spread=(0.985, 0.995))], tmp_path)
    results.record("digits", [row("images a second", 123.4567, unit="images/s", n="2000 images")], tmp_path)
    found = results.read(tmp_path / "digits.csv")
    assert [(each["measure"], each["value"], each["spread"]) for each in found] == [
        ("accuracy", "0.99", "0.985 to 0.995"),
        ("macro F1", "0.97", ""),
        ("images a second", "123.46", ""),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["digits.csv"]


def test_rows_say_where_and_of_what_they_are(tmp_path):
    import results

    path = results.record("digits", [row("accuracy", 0.98)], tmp_path)
    (found,) = results.read(path)
    assert found["hardware"] == results.hardware()
    assert found["commit"] == results.commit()
    assert path.read_text().splitlines()[0] == "measure,value,unit,n,spread,hardware,commit,command"


def test_a_kill_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    import results

    path = results.record("digits", [row("accuracy", 0.98)], tmp_path)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(results.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        results.record("digits", [row("accuracy", 0.1)], tmp_path)
    assert results.read(path)[0]["value"] == "0.98"


def test_a_file_of_other_columns_is_refused(tmp_path):
    import results

    (tmp_path / "digits.csv").write_text("measure,value\na,1\n")
    with pytest.raises(
        ValueError, match=r"digits.csv has the columns \['measure', 'value'\]; expected: measure, value, "
    ):
        results.record("digits", [row("accuracy", 0.98)], tmp_path)


def test_hardware_names_the_processor_and_not_the_host():
    import platform

    import results

    assert "cores of" in results.hardware()
    assert platform.node() not in results.hardware()


def test_commit_is_marked_where_files_changed_since(tmp_path):
    import results

    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / "code.py").write_text("1")
    (tmp_path / "README.md").write_text("1")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    clean = results.commit(tmp_path)
    assert len(clean) == 12
    (tmp_path / "README.md").write_text("2")
    assert results.commit(tmp_path) == clean
    (tmp_path / "code.py").write_text("2")
    assert results.commit(tmp_path) == f"{clean}+"


@pytest.mark.parametrize(("values", "expected"), [([0.3], None), ([0.3, 0.1, 0.2], (0.1, 0.3))])
def test_spread_is_lowest_and_highest(values, expected):
    import results

    assert results.spread(values) == expected
