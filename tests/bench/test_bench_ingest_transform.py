from __future__ import annotations

import sys

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


def test_the_ratio_to_another_build_is_taken_round_by_round():
    import bench_ingest_transform as bench

    runs = [{"ExampleGen": 4.0, "Transform": 6.0}, {"ExampleGen": 10.0, "Transform": 10.0}]
    rate, times = bench.compare(runs, [50.0, 20.0], "d5cbd136f403", 1000)
    assert (rate.measure, rate.value) == ("ingest and transform, 1,000 images: ours, d5cbd136f403", pytest.approx(35.0))
    assert (times.value, times.spread) == (pytest.approx(2.25), (pytest.approx(2.0), pytest.approx(2.5)))
    assert "against d5cbd136f403 in the same run" in times.measure


def test_another_build_is_measured_by_its_own_bench(tmp_path, monkeypatch):
    import bench_ingest_transform as bench
    import builds
    import results

    found = [("ingest and transform, 1,000 images: ours", 123.5), ("ingest and transform, 1,000 images: others", 9.0)]
    rows = [results.Row(measure=of, value=rate, unit="images/s", n="1 run", command="none") for of, rate in found]
    results.record("ingest_transform", rows, tmp_path / "theirs")
    (tmp_path / "mnist").mkdir()
    monkeypatch.setenv("TFX_OCR_DATA", str(tmp_path))
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (python.parent / "tfx-ocr").touch()
    (tmp_path / "tests" / "bench").mkdir(parents=True)
    (tmp_path / "tests" / "bench" / "bench_ingest_transform.py").write_text(
        "import shutil, sys\n"
        "given = dict(word.split('=') for word in sys.argv[1:])\n"
        "assert (given['--images'], given['--repeats']) == ('1000', '1')\n"
        "shutil.copytree('theirs', given['--results'])\n"
    )
    assert bench.measure_rate(builds.Build(tmp_path), tmp_path / "results", 1000) == 123.5
