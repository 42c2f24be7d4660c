"""Ways to decode lines, judged on the same lines."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.tfx


def test_the_language_model_is_of_drawn_texts_and_learned_once(monkeypatch, tmp_path):
    import bench_decoding

    from tfx_ocr.data import pretrained
    from tfx_ocr.data.synthetic import vietnamese_texts
    from tfx_ocr.serving.portable.language_model import prune_grams, read_language_model

    monkeypatch.setattr(bench_decoding, "TEXTS", 300)
    monkeypatch.setattr(bench_decoding.pipelines, "data_folder", lambda name: tmp_path)
    monkeypatch.setattr(vietnamese_texts, "load_folder", lambda root: vietnamese_texts.load_built_in())
    path = bench_decoding.learn(tmp_path / "vi.json.gz")
    model = read_language_model(path)
    assert model.order == bench_decoding.ORDER
    assert model.measure("Phườn", "g") > model.measure("Phườn", "k")
    monkeypatch.setattr(bench_decoding, "TEXTS", 0)  # of which nothing could be learned
    assert bench_decoding.learn(path) == path
    ways = bench_decoding.list_ways(path)
    assert [None if way is None else (way.beams, way.language_model) for way in ways.values()] == [
        None,
        (8, ""),
        (8, str(path)),
        (8, "vietnamese"),
    ]
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    (tmp_path / "lines").mkdir()
    bench_decoding.ship(path)
    shipped = read_language_model(tmp_path / "lines" / "vietnamese.json.xz")
    assert shipped.counts == prune_grams(model).counts


def test_a_row_per_set_and_measure_and_the_time():
    import bench_decoding

    verdict = {"metrics": {"cer": 0.05, "exact_lines": 0.3}, "n": 486}
    verdict["intervals"] = {"cer": (0.04, 0.06), "exact_lines": (0.25, 0.35)}
    found = bench_decoding.rows("8 beams", {"Kalapa lines never trained on": verdict}, 12.5)
    assert [(row.measure, row.value, row.unit) for row in found] == [
        ("Kalapa lines never trained on, 8 beams: CER", 0.05, "fraction"),
        ("Kalapa lines never trained on, 8 beams: exact lines", 0.3, "fraction"),
        ("decoding by 8 beams: time per line", 12.5, "ms"),
    ]
