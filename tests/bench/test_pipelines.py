from __future__ import annotations

import pytest


@pytest.fixture
def pipelines():
    import pipelines

    return pipelines


def test_real_data_that_is_not_there_is_named(pipelines, monkeypatch, tmp_path):
    monkeypatch.setenv("TFX_OCR_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"no runes in .*: set TFX_OCR_DATA to the folder that holds it"):
        pipelines.data_folder("runes")


def test_the_newest_model_is_the_one_of_the_highest_execution(pipelines, tmp_path):
    for execution in (9, 12):
        (tmp_path / "runes" / "pipeline" / "Trainer" / "model" / str(execution) / "Format-Serving").mkdir(parents=True)
    assert pipelines.model("runes", tmp_path).parent.name == "12"


def test_a_row_has_the_metric_with_its_interval(pipelines):
    verdict = {"metrics": {"cer": 0.125}, "intervals": {"cer": [0.1, 0.15]}, "n": 1234}
    row = pipelines.row("Runes: CER", verdict, "cer", "lines", "python bench.py")
    assert (row.measure, row.value, row.n, row.spread) == ("Runes: CER", 0.125, "1,234 lines", (0.1, 0.15))


def test_the_model_that_ships_is_judged_by_its_folder(pipelines, monkeypatch, tmp_path):
    from tfx_ocr.data import pretrained
    from tfx_ocr.pipeline import evaluation

    monkeypatch.setattr(evaluation, "evaluate", lambda settings, *rest: (settings.recipe, *rest))
    judged = ("lines", tmp_path, pretrained.get_folder("lines"), "all")
    assert pipelines.judge_shipped("lines", tmp_path) == (*judged, None)
    assert pipelines.judge_shipped("lines", tmp_path, "beams") == (*judged, "beams")
