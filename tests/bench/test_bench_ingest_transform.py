from __future__ import annotations

import pytest


def test_rates_are_of_whole_runs_and_of_the_images_beyond_the_few():
    import bench_ingest_transform as bench

    few = {"ExampleGen": 5.0, "Transform": 15.0, "TransformToFloats": 15.0}  # 20 s either way for 1,000 images
    many = {"ExampleGen": 10.0, "Transform": 30.0, "TransformToFloats": 90.0}  # 40 s and 100 s for 11,000
    rows = {
        row.measure.removeprefix("ingest and transform, "): row for row in bench.rows([(few, many)] * 2, 1000, 11000)
    }
    assert {measure: row.value for measure, row in rows.items()} == {
        "11,000 images: ours": pytest.approx(275.0),
        "11,000 images: float tensors written by Transform": pytest.approx(110.0),
        "11,000 images: ours against float tensors": pytest.approx(2.5),
        "each image beyond 1,000 (to 11,000): ours": pytest.approx(500.0),
        "each image beyond 1,000 (to 11,000): float tensors written by Transform": pytest.approx(125.0),
        "each image beyond 1,000 (to 11,000): ours against float tensors": pytest.approx(4.0),
    }
    assert {row.n for row in rows.values()} == {"2 runs"}
