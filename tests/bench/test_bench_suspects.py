import pytest

from tfx_ocr.data.record import Record


def test_neighbouring_forms_are_one_group():
    import bench_suspects

    records = [
        Record(features={}, source=f"{form}/{line}", group=form) for form in ("10", "7", "11", "15") for line in "01"
    ]
    joined = bench_suspects.join_neighbours(records)
    assert [record.source for record in joined] == [record.source for record in records]
    assert [record.group for record in joined] == ["7..11"] * 6 + ["15..15"] * 2


def test_sources_are_read_from_what_the_command_prints():
    import bench_suspects

    listed = "0.412\tHuế 1\tHuế 7\tkalapa/1/0.jpg\n0.400\tHuế 2\t\tkalapa/1/3.jpg\n"
    told = "2 of 40 labels are in doubt\nlines: a\tb\tc\td\n"
    assert bench_suspects.list_sources(told + listed) == ["kalapa/1/0.jpg", "kalapa/1/3.jpg"]


def test_the_same_lines_are_drawn_each_time():
    import bench_suspects

    sources = [f"{number}.jpg" for number in range(20)]
    drawn = bench_suspects.draw(sources, 8, seed=7)
    assert drawn == bench_suspects.draw(reversed(sources), 8, seed=7)
    assert len(set(drawn)) == 8


def test_verdicts_stay_with_their_pictures(tmp_path):
    import bench_suspects

    known = [bench_suspects.Judged("a", 1, "label"), bench_suspects.Judged("b", 2, "model")]
    merged = bench_suspects.merge(known, ["b", "c"], ["a", "b"])
    assert merged == [("b", 1, "model"), ("c", 2, ""), ("a", 0, "label"), ("b", 0, "model")]
    bench_suspects.write_verdicts(tmp_path / "verdicts.csv", merged)
    assert bench_suspects.read_verdicts(tmp_path / "verdicts.csv") == merged
    bench_suspects.write_verdicts(tmp_path / "verdicts.csv", [bench_suspects.Judged("a", 1, "wrong")])
    with pytest.raises(ValueError, match=r"verdicts.csv: verdict 'wrong' of a; known: label, mark, slip"):
        bench_suspects.read_verdicts(tmp_path / "verdicts.csv")


def test_pictures_without_a_verdict_are_not_counted(tmp_path, monkeypatch):
    import bench_suspects

    monkeypatch.setattr(bench_suspects, "VERDICTS", tmp_path / "verdicts.csv")
    monkeypatch.setattr("sys.argv", ["bench_suspects.py", "--count", "--results", str(tmp_path)])
    bench_suspects.write_verdicts(tmp_path / "verdicts.csv", [("a", 1, "label"), ("b", 2, "")])
    with pytest.raises(SystemExit, match=r"1 pictures of verdicts.csv have no verdict, the first b"):
        bench_suspects.main()
    assert not (tmp_path / "suspects.csv").exists()


def test_wrong_labels_are_counted_by_rank():
    import bench_suspects

    judged = [bench_suspects.Judged(str(place), place, "label" if place <= 5 or place > 90 else "model")
              for place in range(100, 0, -1)]  # fmt: skip
    judged += [bench_suspects.Judged(f"other {number}", 0, "right") for number in range(50)]
    rows = bench_suspects.count(judged)
    assert [(row.value, row.n) for row in rows[:4]] == [
        (0.25, "20 lines"), (0.1, "50 lines"), (0.15, "100 lines"), (0.0, "50 lines")
    ]  # fmt: skip
    assert rows[3].spread == (0.0, pytest.approx(0.07135, abs=1e-5))  # z^2 / (n + z^2)
    assert sum(row.value for row in rows[5:]) + rows[2].value == pytest.approx(1.0)
    with pytest.raises(ValueError, match="suspects cannot have: right"):
        bench_suspects.count([bench_suspects.Judged("a", 1, "right"), *judged[1:]])


def test_the_verdicts_that_are_kept_can_be_counted():
    import bench_suspects

    judged = bench_suspects.read_verdicts(bench_suspects.VERDICTS)
    ranks = [each.rank for each in judged]
    assert ranks == [*range(1, max(bench_suspects.FIRST) + 1), *[0] * bench_suspects.DRAWN_FROM_ALL]
    assert len({(each.picture, each.rank > 0) for each in judged}) == len(judged)
    assert len(bench_suspects.count(judged)) == 10
