import json

import pytest


@pytest.fixture
def commit(monkeypatch):
    import results

    def set_commit(name):
        monkeypatch.setattr(results, "commit", lambda: name)

    set_commit("abc")
    return set_commit


def test_what_was_measured_is_not_measured_again(tmp_path, commit):
    import kept

    assert kept.Kept(tmp_path / "x.jsonl", pages=2).measure("page 1", lambda: (1, 2)) == [1, 2]
    again = kept.Kept(tmp_path / "x.jsonl", pages=2)
    assert again.measure("page 1", lambda: pytest.fail("it is there")) == [1, 2]
    assert again.measure("page 2", lambda: 3) == 3
    again.finish()
    assert not (tmp_path / "x.jsonl").exists()


@pytest.mark.parametrize(("name", "options"), [("def", {"pages": 2}), ("abc", {"pages": 3}), ("abc+", {"pages": 2})])
def test_of_another_commit_or_other_options_nothing_is_taken(tmp_path, commit, name, options):
    import kept

    kept.Kept(tmp_path / "x.jsonl", pages=2).measure("page 1", lambda: 1)
    commit(name)
    assert kept.Kept(tmp_path / "x.jsonl", **options).measure("page 1", lambda: 2) == 2


def test_a_line_that_was_cut_off_is_measured_again(tmp_path, commit):
    import kept

    path = tmp_path / "x.jsonl"
    first = kept.Kept(path, pages=2)
    first.measure("page 1", lambda: 1)
    first.measure("page 2", lambda: 2)
    path.write_bytes(path.read_bytes()[:-4])
    again = kept.Kept(path, pages=2)
    assert again.measure("page 1", lambda: 9) == 1
    assert again.measure("page 2", lambda: 9) == 9
    assert [json.loads(line) for line in path.read_text().splitlines()][1:] == [["page 1", 1], ["page 2", 9]]
