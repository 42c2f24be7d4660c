from __future__ import annotations

import io
import os
from collections import Counter

import pytest
from PIL import Image

from tfx_ocr.serving.review.queue import Queue


def test_the_hand_is_the_same_for_a_seed_and_has_each_class_as_often():
    import hand

    drawn = hand.draw_digits(20, 1)
    assert drawn == hand.draw_digits(20, 1)
    assert {picture for _, picture in drawn}.isdisjoint(picture for _, picture in hand.draw_digits(20, 2))
    assert Counter(label for label, _ in drawn) == dict.fromkeys("0123456789", 2)
    assert Image.open(io.BytesIO(drawn[7][1])).size == (64, 64)


def test_every_item_is_decided_by_its_label(tmp_path):
    import bench_circle

    named = bench_circle.write_pictures(tmp_path / "hand", [("7", b"a"), ("1", b"b")])
    queue = Queue(tmp_path / "queue.sqlite", shared=1.0)
    for path in named:
        queue.offer(path.encode(), "4", 0.1, recipe="digits", version="1", document=path)
    assert bench_circle.review(queue.path, named) == 4  # both are for two reviewers
    assert [each.text for each in queue.read_corrections("digits").agreed] == ["7", "1"]


def test_kills_lose_and_double_nothing_and_what_is_lost_is_counted(tmp_path, monkeypatch):
    import bench_circle

    assert bench_circle.kill_reviews(tmp_path / "queue.sqlite", 3, 1) == (0, 0)
    monkeypatch.setattr(bench_circle, "review_items", lambda _, writing: os.write(writing, b"7\n8\n"))
    assert bench_circle.kill_reviews(tmp_path / "other.sqlite", 1, 1) == (2, 0)


def test_lines_of_every_second_form_are_corrected(tmp_path):
    import bench_circle

    for form in (1, 2, 3, 4, 9, 217):
        (tmp_path / f"images/{form}").mkdir(parents=True)
        (tmp_path / "annotations").mkdir(exist_ok=True)
        (tmp_path / f"images/{form}/0.jpg").write_bytes(b"line %d" % form)
        (tmp_path / f"annotations/{form}.txt").write_text(f"{form}/0.jpg\tHuế {form}\n", encoding="utf-8")
    records = bench_circle.read_kalapa(tmp_path)
    assert bench_circle.choose_lines(records, "1..4", 9, 1) == (
        [("Huế 1", b"line 1"), ("Huế 3", b"line 3")],
        [("Huế 2", b"line 2")],
    )
    data = bench_circle.write_others(records, "1..4", tmp_path / "data")
    assert bench_circle.read_test("lines", data) == [("Huế 217", b"line 217")]


def test_fewer_errors_are_a_gain():
    import bench_circle

    rows = bench_circle.describe_gains({"a hand": bench_circle.Gain("cer", 0.2, 0.05, (0.1, 0.2))}, "n", "it")
    assert [row.measure for row in rows] == ["cer before, a hand", "cer after, a hand", "gain, a hand"]
    assert rows[2].value == pytest.approx(0.15)


def test_a_gain_is_told_with_its_interval():
    import bench_circle

    rows = bench_circle.describe_gains(
        {"a hand": bench_circle.Gain("accuracy", 0.8, 0.95, (0.1, 0.2))}, "100 corrected", "it"
    )
    assert [(row.measure, row.spread) for row in rows] == [
        ("accuracy before, a hand", None),
        ("accuracy after, a hand", None),
        ("gain, a hand", (0.1, 0.2)),
    ]
    assert rows[2].value == pytest.approx(0.15)
