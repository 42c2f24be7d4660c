from __future__ import annotations

import numpy as np


def test_one_broken_file_of_each_kind_costs_no_other(monkeypatch):
    import bench_broken

    pictures = np.zeros((3, 28, 28), np.uint8)
    pictures[:, 4:24, 13:16] = 255  # three ones
    monkeypatch.setattr(bench_broken.mnist, "read", lambda split: (pictures, np.array([1, 1, 7], np.uint8)))
    rows = {row.measure: row.value for row in bench_broken.measure(3)}
    assert len(rows) == 4 * len(bench_broken.draw_broken())
    for what, value in {
        "predict, others answered as without it": 2,
        "predict, refused": 1,
        "evaluate, others judged": 2,
        "evaluate, set aside": 1,
    }.items():
        assert {rows[f"{kind} among 3: {what}"] for kind in bench_broken.draw_broken()} == {value}
