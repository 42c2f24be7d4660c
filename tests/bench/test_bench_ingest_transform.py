from __future__ import annotations

import pytest


def test_rates_are_of_ingestion_and_transform_together():
    import bench_ingest_transform as bench

    run = {"ExampleGen": 10.0, "Transform": 10.0, "FloatTensors": 90.0, "FloatTensorsNoStatistics": 30.0}
    run[bench.LOOP] = 4.0
    rows = {row.measure.removeprefix("ingest and transform, "): row for row in bench.rows([run] * 2, 1000)}
    assert {measure: row.value for measure, row in rows.items()} == {
        "1,000 images: ours": pytest.approx(50.0),
        "1,000 images: float tensors, Transform as it comes": pytest.approx(10.0),
        "1,000 images: ours against float tensors, Transform as it comes": pytest.approx(5.0),
        "1,000 images: float tensors, Transform's statistics off": pytest.approx(25.0),
        "1,000 images: ours against float tensors, Transform's statistics off": pytest.approx(2.0),
        "1,000 images: a tf.data loop that reads, decodes and resizes": pytest.approx(250.0),
    }
    assert {row.n for row in rows.values()} == {"2 runs"}
