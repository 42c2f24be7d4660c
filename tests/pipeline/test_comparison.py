"""Variants are compared on the same records, and what was judged is not judged again."""

import dataclasses
import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tfx_ocr.components.report.comparison import render_comparison
from tfx_ocr.data import images
from tfx_ocr.pipeline import comparison, last_run, unchanged
from tfx_ocr.pipeline.check import check
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.cli import compare as command
from tfx_ocr.pipeline.comparison import compare_results, plan_variants
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.settings import Settings

RIGHT = {"base": 4, "trainer.epochs=2": 10, "trainer.epochs=3": 3}  # of ten records, the first ones


@pytest.fixture
def settings(tmp_path):
    """Write a picture of each digit, and return settings that name them."""
    for number in range(10):
        file = tmp_path / f"data/{number}/{number}.png"
        file.parent.mkdir(parents=True)
        file.write_bytes(images.encode_png(bytes([number] * 64), 8, 8))
    named = Settings(recipe="digits", home=str(tmp_path / "my work"), input=str(tmp_path / "data"))
    return check(resolve_recipe(named), named)


def leave_result(variant, records=range(10)):
    """Write what a run of a variant leaves behind, as TFX numbers the artifacts."""
    root = variant.settings.folder / "pipeline"
    number = len(list(root.glob("Trainer/model/*"))) + 1
    evaluation, model, run = (
        root / f"{name}/{number}" for name in ("Evaluator/evaluation", "Trainer/model", "Trainer/model_run")
    )
    for folder in (evaluation, run, model / "Format-Serving/assets.extra/portable"):
        folder.mkdir(parents=True)
    (evaluation / "answers-00000-of-00001.jsonl").write_text(
        "".join(
            json.dumps({"record": str(n), "reference": str(n), "answer": str(n) if n < RIGHT[variant.name] else "0"})
            + "\n"
            for n in records
        )
    )
    (run / "history.csv").write_text("epoch,seconds\n1,2.5\n2,1.5\n")
    (model / "Format-Serving/assets.extra/portable/network.tflite").write_bytes(bytes(2000))
    variant.settings.metadata_file.touch()
    described = unchanged.describe(variant.recipe, variant.settings)
    fingerprint = comparison.compute_fingerprint(Path(variant.settings.input))
    left = unchanged.describe_results(variant.settings, map(str, (evaluation, model, run)), fingerprint)
    last_run.write(variant.settings, {"status": "refused", last_run.KEY: described | left})


@pytest.fixture
def runs(monkeypatch):
    """Return the names of variants that the command runs, each of which leaves a result in place of a training."""
    ran = []

    def run_once(recipe, settings, lock):
        name = next((name for name in RIGHT if name in shlex.split(settings.overrides)), "base")
        ran.append(name)
        leave_result(comparison.Variant(name=name, recipe=recipe, settings=settings))
        return last_run.EXIT["refused"]

    monkeypatch.setattr(command, "run_once", run_once)
    return ran


@pytest.fixture
def ask(settings, monkeypatch):
    monkeypatch.setenv("TFX_OCR_HOME", settings.home)
    return lambda *words: CliRunner().invoke(app(), ["compare", "digits", "--data", settings.input, *words])


def test_variants_share_a_home_and_begin_with_the_same_values(settings):
    weights = dataclasses.replace(settings, overrides="trainer.initial_weights=digits")
    planned = plan_variants(
        weights, ["trainer.epochs=2", "trainer.network=mlp trainer.batch_size=8"], ["trainer.seed=1"]
    )
    assert [each.name for each in planned] == ["base", "trainer.epochs=2", "trainer.network=mlp trainer.batch_size=8"]
    assert len({each.settings.home for each in planned}) == 1
    recipes = [resolve_recipe(each.settings) for each in planned]
    assert recipes == [each.recipe for each in planned]
    assert [each.trainer.epochs for each in recipes] == [20, 2, 20]
    assert (recipes[2].trainer.network, recipes[2].trainer.batch_size) == ("mlp", 8)
    assert {(each.trainer.seed, each.trainer.initial_weights) for each in recipes} == {(1, "digits")}
    assert not any(each.gate.at_most_worse for each in recipes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["trainer.epochs=2", "trainer.epochs=2"], "variants 'trainer.epochs=2' and 'trainer.epochs=2' are the same"),
        (["trainer.network=small_cnn"], "variants 'base' and 'trainer.network=small_cnn' are the same recipe"),
        (["trainer.epoch=2"], "no field 'epoch'"),
        (["trainer.network=resnet"], "trainer.network is 'resnet'"),
    ],
)
def test_variants_that_cannot_be_compared_are_refused(settings, changes, said):
    with pytest.raises(ValueError, match=said):
        plan_variants(settings, changes, [])


def test_the_table_says_which_variant_is_better_than_chance(ask, runs, settings):
    done = ask("--set", "trainer.epochs=2", "--set", "trainer.epochs=3", "--json")
    assert done.exit_code == 0, done.output
    table = json.loads(done.output[done.output.index("{") : done.output.rindex("}") + 1])
    assert (table["metric"], table["n"]) == ("accuracy", 10)
    base, better, unsure = table["rows"]
    assert [row["metrics"]["accuracy"] for row in table["rows"]] == [0.4, 1.0, 0.3]
    assert [row["verdict"] for row in table["rows"]] == ["", "better", "undecided"]  # one record lost may be chance
    assert base["gain_intervals"]["accuracy"] == [0, 0]
    assert better["gains"]["accuracy"] == pytest.approx(0.6)
    low, high = better["gain_intervals"]["accuracy"]
    assert 0.2 <= low < 0.6 < high <= 0.9  # 6 of 10 records won: a binomial's middle 95 %
    assert unsure["gains"]["accuracy"] == pytest.approx(-0.1)
    assert (base["epochs"], base["train_s"], base["network_bytes"]) == (2, 4.0, 2000)
    page = (settings.folder / "compare/comparison.html").read_text(encoding="utf-8")
    assert "trainer.epochs=2" in page
    assert "on the same 10 records" in page
    assert json.loads((settings.folder / "compare/comparison.json").read_text()) == table


def test_a_comparison_goes_on_with_the_variants_that_are_left(ask, runs, settings):
    assert ask("--set", "trainer.epochs=2").exit_code == 0
    done = ask("--set", "trainer.epochs=2", "--set", "trainer.epochs=3")
    assert runs == ["base", "trainer.epochs=2", "trainer.epochs=3"]
    assert "trainer.epochs=3  0.3000" in done.output
    changed = next((settings.folder.parent.parent / "data").rglob("3.png"))
    changed.write_bytes(images.encode_png(bytes([99] * 64), 8, 8))
    assert ask("--set", "trainer.epochs=2").exit_code == 0
    assert runs[3:] == ["base", "trainer.epochs=2"]


def test_a_variant_that_stops_ends_the_comparison(ask, monkeypatch):
    monkeypatch.setattr(command, "run_once", lambda *_: last_run.EXIT["stopped"])
    assert ask("--set", "trainer.epochs=2").exit_code == last_run.EXIT["stopped"]


def test_other_records_are_not_compared(settings):
    base, other = plan_variants(settings, ["trainer.epochs=2"], [])
    results = []
    for variant, records in ((base, range(10)), (other, range(9))):
        leave_result(variant, records)
        results.append(comparison.keep_result(variant))
    with pytest.raises(ValueError, match=r"variant .* was judged on other records than the base"):
        compare_results(base.recipe, results)


def test_a_name_is_escaped_on_the_page():
    row = {
        "metrics": {"cer": 0.1},
        "intervals": {"cer": [0, 0.2]},
        "gains": {"cer": 0},
        "gain_intervals": {"cer": [0, 0]},
    }
    row |= {"name": "<b>", "verdict": "", "train_s": 3.0, "network_bytes": None}
    page = render_comparison({"recipe": "lines", "metric": "cer", "lower_is_better": ["cer"], "n": 3, "rows": [row]})
    assert "<b>" not in page
    assert "cer (less is better)" in page
