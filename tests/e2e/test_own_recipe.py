"""Recipes of users' own: from a folder of labelled pictures by `new` and a run to a served version that answers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline.settings import Settings

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def served(own_data, tmp_path_factory):
    """Draft `meters` from a table as the tutorial has it, run it in this process, and return its settings."""
    from tfx_ocr.pipeline.check import check
    from tfx_ocr.pipeline.cli import app
    from tfx_ocr.pipeline.graph import build
    from tfx_ocr.pipeline.local_runner import Runner
    from tfx_ocr.pipeline.overrides import resolve_recipe

    folder = tmp_path_factory.mktemp("meters")
    data = own_data.draw_meters(folder / "meters")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert CliRunner().invoke(app(), ["new", "meters", "--data", "meters"]).exit_code == 0
    settings = Settings(
        recipe="meters", recipes=str(folder / "recipes"), home=str(folder / "work"), input=str(data),
        overrides="trainer.epochs=3 gate.at_most.cer=0.5", trace="1",
    )  # fmt: skip
    recipe = resolve_recipe(settings)
    settings = check(recipe, settings)
    Runner(settings).run(build(recipe, settings))
    return settings


def test_it_is_pushed(served):
    from tfx_ocr.pipeline import last_run

    assert last_run.read(served)["status"] == "pushed"
    assert last_run.read(served)["verdict"]["metrics"]["cer"] <= 0.5


def test_the_version_holds_its_characters(served):
    from tfx_ocr.serving import versions

    version = Path(served.serving_dir, str(versions.find_newest(served.serving_dir)))
    assert versions.verify(version).alphabet == {"characters": ".0123456789", "longest": 16}
    form = json.loads((version / "assets.extra/portable/portable.json").read_text(encoding="utf-8"))
    assert "".join(form["labels"]) == ".0123456789"


def test_it_answers_and_is_judged_by_its_name(served, monkeypatch):
    from tfx_ocr.pipeline.cli import app

    for name in ("home", "recipes"):
        monkeypatch.setenv(f"TFX_OCR_{name.upper()}", str(getattr(served, name)))
    said = CliRunner().invoke(app(), ["predict", "meters", f"{served.input}/0001.png", "--json"])
    assert said.exit_code == 0, said.output
    assert set(json.loads(said.stdout)[0]["label"]) <= set(".0123456789")
    judged = CliRunner().invoke(app(), ["evaluate", "meters", "--data", served.input, "--split", "all"])
    assert "meters model" in judged.output, judged.output
