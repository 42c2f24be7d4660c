from __future__ import annotations

import json
import random
import sys

from tfx_ocr.serving import versions


def test_a_killed_push_leaves_whole_versions_and_the_same_command_ends_it(tmp_path):
    import bench_trust

    for number in range(2):
        (tmp_path / str(number)).mkdir()
        trial = bench_trust.kill_push(tmp_path / str(number), number)
        assert trial == bench_trust.Trial(kind="push", number=number)
        assert len(versions.list_versions(tmp_path / str(number) / "served")) == 2


def test_a_killed_rollback_leaves_whole_versions_and_the_same_command_ends_it(tmp_path):
    import bench_trust

    assert bench_trust.kill_rollback(tmp_path, 0) == bench_trust.Trial(kind="rollback", number=0)
    numbers = versions.list_versions(tmp_path / "served")
    assert len(numbers) in (3, 4)  # the kill came before or after the rename
    assert versions.verify(tmp_path / "served" / str(numbers[-1])).restores


def test_half_and_lost_versions_are_counted(tmp_path):
    import bench_trust

    model = bench_trust.write_model(tmp_path / "model", random.Random(1))
    first = versions.publish(model, tmp_path / "served", versions.Manifest()).version
    assert bench_trust.count_half(tmp_path / "served") == 0
    (tmp_path / "served" / str(first) / "0.bin").unlink()
    found = bench_trust.judge("run", 3, tmp_path / "served", [first, first + 1], 1, 3)
    assert found == bench_trust.Trial(kind="run", number=3, half=2, lost=1, refused=1)


def test_what_was_tried_is_not_tried_again(tmp_path, monkeypatch):
    import bench_trust

    tried = []

    def kill(folder, number):
        assert folder.is_dir()
        tried.append(number)
        return bench_trust.Trial(kind="push", number=number, half=number)

    monkeypatch.setitem(bench_trust.KILLS, "push", kill)
    for wanted in (2, 5):
        arguments = ["--push", str(wanted), "--rollback=0", "--run=0", "--ingest=0", "--swap=0", "--faults"]
        places = ["--folder", str(tmp_path / "work"), "--results", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", ["bench_trust.py", *arguments, *places])
        bench_trust.main()
    assert tried == [0, 1, 2, 3, 4]
    lines = (tmp_path / "work/trials.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines if line] == tried
    assert "kill -9 of push: half versions served,10,versions,5 trials," in (tmp_path / "trust.csv").read_text()


def test_a_line_that_was_cut_off_is_tried_again(tmp_path):
    import bench_trust

    (tmp_path / "trials.jsonl").write_text('{"kind": "push", "number": 0}\n{"kind": "push", "num')
    journal = bench_trust.Journal(tmp_path / "trials.jsonl")
    assert journal.list_missing("push", 3) == [1, 2]
    journal.add(bench_trust.Trial(kind="push", number=1))
    assert bench_trust.Journal(tmp_path / "trials.jsonl").list_missing("push", 3) == [2]


def test_the_growth_of_memory_is_that_of_a_hundred_changes_without_the_first_fifth():
    import bench_serving
    import bench_trust

    memory = [100.0, 150.0, *(200 + change / 20 for change in range(8))]  # 0.05 MB more per change, 5 MB per hundred
    found = bench_serving.Swapped(sent=120_000, failed=2, late=1, memory=memory)
    said = [(row.measure, round(row.value, 6), row.unit, row.n) for row in bench_trust.swap_rows(5, found)]
    under = "5 versions pushed and rolled back under load"
    assert said == [
        (f"{under}, 16 clients over gRPC: failed", 2, "requests", "120,000 requests"),
        (f"{under}, 16 clients over gRPC: answered by an unloaded version", 1, "requests", "120,000 requests"),
        (f"{under}: growth of resident memory over 100 changes", 5, "MB", "10 changes"),
        (f"{under}: resident memory at the end", 200.35, "MB", "10 changes"),
    ]
