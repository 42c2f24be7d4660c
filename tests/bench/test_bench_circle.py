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


def test_a_gain_is_told_with_its_interval():
    import bench_circle

    rows = bench_circle.describe_gains({"a hand": bench_circle.Gain(0.8, 0.95, (0.1, 0.2))}, "100 corrected", "it")
    assert [(row.measure, row.spread) for row in rows] == [
        ("accuracy before, a hand", None),
        ("accuracy after, a hand", None),
        ("gain, a hand", (0.1, 0.2)),
    ]
    assert rows[2].value == pytest.approx(0.15)
