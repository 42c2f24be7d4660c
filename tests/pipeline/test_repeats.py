"""Folds make each record a test record once; a curve trains on parts of train; the report says what they reached."""

import collections
import dataclasses
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tfx_ocr.components.report.repeats import describe_repeats, predict_errors
from tfx_ocr.data import features, images, record_file
from tfx_ocr.data.record import Record
from tfx_ocr.data.survey import survey_data
from tfx_ocr.pipeline import data_check, last_run, repeats
from tfx_ocr.pipeline.check import check
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.cli import run as command
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.settings import Settings


@pytest.fixture
def own(tmp_path):
    """Write 40 pictures of ten digits, and return a recipe with settings that name them."""
    for number in range(40):
        file = tmp_path / f"data/{number % 10}/{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(images.encode_png(bytes([number] * 64), 8, 8))
    settings = Settings(recipe="digits", home=str(tmp_path / "my work"), input=str(tmp_path / "data"), serving="away")
    return resolve_recipe(settings), settings


def test_each_record_is_tested_in_one_fold(own):
    recipe, settings = own
    seen = survey_data(Path(settings.input), recipe.examples.readers, lambda *_: None).kept
    tested = []
    for fold in repeats.plan_folds(recipe, settings, 4):
        divided = data_check.divide(seen, resolve_recipe(fold).examples.split)
        tested.append([each.source for split, each in divided if split == "test"])
        assert {split for split, _ in divided} == {"train", "eval", "test"}
    assert sorted(source for fold in tested for source in fold) == sorted(each.source for each in seen)
    assert all(7 <= len(fold) <= 13 for fold in tested)


def test_folds_of_few_groups_are_even_however_many_records_they_have(tmp_path):
    records = [
        Record(
            features={features.IMAGE: images.encode_png(bytes([group, number % 256, number // 256, 0]), 2, 2),
                      features.LABEL: b"7"},
            source=f"{group}/{number}", group=str(group),
        )
        for group in range(9) for number in range(60)
    ]  # fmt: skip
    (tmp_path / "data").mkdir()
    record_file.write(tmp_path / "data" / "lines.tfrecord", records)
    settings = Settings(recipe="lines", home=str(tmp_path), input=str(tmp_path / "data"))
    recipe = resolve_recipe(settings)
    seen = survey_data(tmp_path / "data", recipe.examples.readers, lambda *_: None).kept
    tested = []
    for fold in repeats.plan_folds(recipe, settings, 3):
        divided = data_check.divide(seen, resolve_recipe(fold).examples.split)
        tested.append(collections.Counter(each.group for split, each in divided if split == "test"))
    assert [sorted(fold.values()) for fold in tested] == [[60] * 3] * 3
    assert len({group for fold in tested for group in fold}) == 9


def test_runs_have_homes_of_their_own_and_push_there(own):
    recipe, settings = own
    folds, curve = repeats.plan_folds(recipe, settings, 3), repeats.plan_curve(recipe, settings)
    assert len({each.home for each in (*folds, *curve)}) == 5
    for each in (*folds, *curve):
        assert each.serving_dir.startswith(f"{settings.folder}/repeats/")
    quarter, half = (resolve_recipe(each).trainer for each in curve)
    assert (quarter.every, half.every) == (4, 2)
    assert (quarter.epochs, half.epochs) == (4 * recipe.trainer.epochs, 2 * recipe.trainer.epochs)
    assert quarter.initial_weights == recipe.trainer.initial_weights


def test_a_curve_lengthens_each_stage(own):
    _, settings = own
    overrides = "\"trainer.stages=[{'name':'drawn','epochs':3},{'name':'real','epochs':5}]\""
    settings = dataclasses.replace(settings, overrides=overrides)
    quarter, _ = repeats.plan_curve(resolve_recipe(settings), settings)
    assert [stage.epochs for stage in resolve_recipe(quarter).trainer.stages] == [12, 20]


@pytest.mark.parametrize(
    ("change", "count", "said"),
    [
        ({}, 1, "--folds is 1: give 2 or more"),
        ({}, 39, "40 records are too few for 39 folds: a split would be empty"),
        ({"test_groups": ("a",)}, 3, "the data or the recipe states its eval or test split"),
    ],
)
def test_folds_that_cannot_be_are_refused(own, change, count, said):
    recipe, settings = own
    split = dataclasses.replace(recipe.examples.split, **change)
    recipe = dataclasses.replace(recipe, examples=dataclasses.replace(recipe.examples, split=split))
    with pytest.raises(ValueError, match=said):
        repeats.plan_folds(recipe, settings, count)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (
            [(10, 0.4), (20, 0.2), (40, 0.1)],
            "twice as many would leave errors of about 0.0500 in place of 0.1000: labelling more pays",
        ),
        (
            [(10, 0.2), (20, 0.2), (40, 0.2)],
            "twice as many would leave 100% of the errors: look at the mistakes before labelling more",
        ),
        ([(10, 0.2), (20, 0.1), (40, 0.0)], "no errors are left to tell by; label more test records"),
    ],
)
def test_a_power_law_tells_whether_labelling_more_pays(points, said):
    assert predict_errors(points) == said


def test_what_was_reached_is_said_by_the_metric_of_the_task():
    verdict = {"metrics": {"micro_precision": 0.5, "micro_f1": 0.9}, "lower_is_better": []}
    folds = {"folds": 5, "n": 1040, "metrics": {"micro_f1": 0.875}, "intervals": {"micro_f1": [0.8, 0.95]}}
    curve = [{"records": 10, "metrics": {"micro_f1": 0.6}}, {"records": 20, "metrics": {"micro_f1": 0.8}}]
    assert describe_repeats({"folds": folds, "curve": curve}, verdict, 40) == [
        "5 folds, each of 1,040 records judged once by a model that never saw it: "
        "micro_f1 0.8750 (95 % interval 0.8000 to 0.9500)",
        "micro_f1 by records of train, 10: 0.6000, 20: 0.8000, 40: 0.9000: "
        "twice as many would leave errors of about 0.0500 in place of 0.1000: labelling more pays",
    ]
    assert describe_repeats({}, verdict, 40) == []


def leave_results(settings, answers, train):
    """Write what a run of `settings` leaves behind."""
    evaluation = settings.folder / "pipeline/Evaluator/evaluation/7"
    examples = settings.folder / "pipeline/ExampleGen/examples/1"
    for folder in (evaluation, examples):
        folder.mkdir(parents=True)
    (evaluation / "answers-00000-of-00001.jsonl").write_text(
        "".join(json.dumps({"reference": reference, "answer": answer}) + "\n" for reference, answer in answers)
    )
    (examples / "summary.json").write_text(json.dumps({"splits": {"train": train}}))
    accuracy = sum(reference == answer for reference, answer in answers) / len(answers)
    uris = {str(settings.folder / "pipeline/Trainer/model/5"): {}, str(evaluation): {}, str(examples): {}}
    result = {
        "status": "refused",
        "verdict": {"metrics": {"accuracy": accuracy}, "lower_is_better": []},
        last_run.KEY: {"artifacts": uris},
    }
    last_run.write(settings, result)


def test_the_command_runs_folds_and_shares_then_the_recipe_and_says_what_was_reached(own, monkeypatch):
    recipe, settings = own
    settings = check(recipe, settings)
    ran = []

    def run(settings, lock):
        ran.append(settings)
        split = resolve_recipe(settings).examples.split
        wrong = 1 if split.turn else 0
        leave_results(settings, [("1", "1")] * 3 + [("2", "3")] * wrong + [("2", "2")] * (1 - wrong), 20)
        return 1

    monkeypatch.setattr(command, "_tfx", run)
    for name in ("home", "input", "serving"):
        monkeypatch.setenv(f"TFX_OCR_{name.upper()}", getattr(settings, name))
    result = CliRunner().invoke(app(), ["run", "digits", "--folds", "2", "--curve"])
    assert result.exit_code == 1, result.output
    assert [resolve_recipe(each).trainer.every for each in ran] == [1, 1, 4, 2, 1]
    assert [resolve_recipe(each).examples.split.turn for each in ran] == [0.0, 0.5, 0.0, 0.0, 0.0]
    assert ran[-1].folder == settings.folder
    results = json.loads(repeats.read_results(settings))
    assert results["folds"]["n"] == 8
    assert results["folds"]["metrics"]["accuracy"] == 7 / 8  # 4 of 4, and 3 of 4
    assert [each["records"] for each in results["curve"]] == [5, 10]
    assert "2 folds, each of 8 records judged once by a model that never saw it: accuracy 0.8750" in result.output
    assert "accuracy by records of train, 5: 1.0000, 10: 1.0000, 20: 1.0000: no errors are left" in result.output


def test_a_run_that_is_stopped_stops_them_all(own, monkeypatch):
    _, settings = own
    ran = []
    monkeypatch.setattr(command, "_tfx", lambda settings, lock: ran.append(settings) or 3)
    for name in ("home", "input", "serving"):
        monkeypatch.setenv(f"TFX_OCR_{name.upper()}", getattr(settings, name))
    assert CliRunner().invoke(app(), ["run", "digits", "--folds", "2"]).exit_code == 3
    assert len(ran) == 1
    assert repeats.read_results(settings) == ""
