"""Each recipe's Kubeflow specification, step by step in containers without network: a version is pushed."""

import os
import subprocess
import sys

import pytest
import yaml

from tfx_ocr.data.samples import get_sample
from tfx_ocr.pipeline.recipes import RECIPES, get_recipe
from tfx_ocr.serving import versions

pytestmark = pytest.mark.containers

STEPS = [
    *("ExampleGen", "ImportSchemaGen", "StatisticsGen", "ExampleValidator", "Transform"),
    *("Trainer", "Evaluator", "InfraValidator", "Pusher", "Report"),
]
# One epoch, and a gate that every model passes: what the steps need is tried here, not what a model reaches
OVERRIDES = "trainer.epochs=1 gate.at_least={} gate.at_most={} gate.each_class_at_least={}"


@pytest.mark.parametrize("name", RECIPES)
def test_every_step_of_the_specification_runs_and_a_version_is_pushed(engine, pipeline_image, tmp_path, name):
    from kubeflow_backend import Run, order_tasks

    recipe = get_recipe(name)
    data = get_sample(recipe.sample)(tmp_path / "data")
    places = {"INPUT": data, "PIPELINE_ROOT": tmp_path / "root", "SERVING": tmp_path / "serving"}
    settings = {"HOME": tmp_path / "home", "RECIPE": name, "IMAGE": pipeline_image, "OVERRIDES": OVERRIDES, **places}
    environment = {**os.environ, **{f"TFX_OCR_{field}": str(value) for field, value in settings.items()}}
    compiled = subprocess.run(
        [sys.executable, "-m", "tfx_ocr.pipeline.kubeflow_runner"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    file = compiled.stdout.splitlines()[-1]
    with open(file, encoding="utf-8") as specification:
        run = Run(yaml.safe_load(specification), tmp_path / "run")
    os.remove(file)
    done = []
    for task in order_tasks(run.tasks):
        image, (entry_point, *arguments) = run.build_command(task)
        mount = f"--volume={tmp_path}:{tmp_path}"
        engine.docker("run", "--rm", "--network=none", mount, f"--entrypoint={entry_point}", image, *arguments)
        run.read_outputs(task)
        done.append(task)
    assert sorted(done) == sorted(STEPS)
    [version] = versions.list_versions(tmp_path / "serving" / name)
    manifest = versions.verify(versions.get_folder(tmp_path / "serving" / name, version))
    assert (manifest.recipe, manifest.task) == (name, recipe.task)
    assert "<html" in next(tmp_path.glob("run/Report/*/index.html")).read_text(encoding="utf-8")
