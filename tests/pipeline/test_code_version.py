"""A step's code version changes with the sources and the recipe's names it runs, and with nothing else."""

import dataclasses

import pytest

from tfx_ocr.components.recipe import PARTS
from tfx_ocr.pipeline import code_version as of
from tfx_ocr.pipeline.recipes import RECIPES, get_recipe

STEPS = sorted(PARTS)


@pytest.fixture
def touched(monkeypatch):
    """Steps whose code version changes when the file with this ending does."""

    def steps(ending: str) -> set[str]:
        recipe = get_recipe("digits")
        before = {step: of.compute_code_version(step, recipe) for step in STEPS}
        real = of.Path.read_bytes
        with monkeypatch.context() as patch:
            patch.setattr(
                of.Path, "read_bytes", lambda path: real(path) + (b"#" if str(path).endswith(ending) else b"")
            )
            return {step for step in STEPS if of.compute_code_version(step, recipe) != before[step]}

    return steps


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_has_one(step, name):
    assert len(of.compute_code_version(step, get_recipe(name))) == 12


@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("components/transform/preprocessing.py", {"transform"}),
        ("components/inputs/image.py", {"transform", "tuner", "trainer", "infra_validator"}),
        ("components/networks/small_cnn.py", {"tuner", "trainer"}),
        ("components/networks/inception_v3.py", set()),
        ("components/evaluator/gate.py", {"evaluator"}),
        ("data/readers/idx.py", {"example_gen"}),
        ("serving/model_server/rest_api.py", {"infra_validator"}),
        ("serving/client/rest.py", {"infra_validator"}),
        ("data/schemas/digits.pbtxt", {"schema"}),
        ("components/report/report.html.j2", {"report"}),
        ("components/recipe.py", set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_changed_file_touches_the_steps_that_run_it(touched, file, steps):
    assert touched(file) == steps


def test_other_weights_that_a_training_begins_with_touch_it(monkeypatch):
    plain = get_recipe("digits")
    began = dataclasses.replace(plain, trainer=dataclasses.replace(plain.trainer, initial_weights="digits"))
    before = {step: of.compute_code_version(step, began) for step in STEPS}
    real = of.Path.read_bytes
    monkeypatch.setattr(of.Path, "read_bytes", lambda path: real(path) + (b"#" if path.name == "CARD.md" else b""))
    assert {step for step in STEPS if of.compute_code_version(step, began) != before[step]} == {"trainer"}


def test_another_version_of_a_library_touches_every_step(monkeypatch):
    recipe = get_recipe("digits")
    before = [of.compute_code_version(step, recipe) for step in STEPS]
    monkeypatch.setattr(of, "list_libraries", lambda: "tensorflow==0")
    assert not {of.compute_code_version(step, recipe) for step in STEPS} & set(before)


def test_another_network_touches_training_alone():
    recipe = get_recipe("digits")
    other = recipe.with_network("mlp")
    assert {
        step for step in STEPS if of.compute_code_version(step, recipe) != of.compute_code_version(step, other)
    } == {"tuner", "trainer"}


def test_a_step_imports_no_project_module_that_its_code_version_leaves_out():
    """Sources of each step, followed through their imports, are all named (registries stand for what they name)."""
    import ast

    recipe = get_recipe("digits")
    registries = {"data.alphabets", "data.readers", "components.inputs", "components.tasks", "components.networks"}
    left_out = {"components.recipe", "components.progress", "components.stop", "components.evaluator.metrics"}
    left_out |= {"data.registry"}  # finds a module by its name; those found are named
    missing = []
    for step in STEPS:
        files = of._files(of.list_modules(step, recipe))
        for file in (file for file in files if file.suffix == ".py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("tfx_ocr."):
                    continue
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                for name in (each.removeprefix("tfx_ocr.") for each in names):
                    path = of._room(name)
                    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
                    if source.exists() and source.stat().st_size > 300 and name not in registries | left_out:
                        missing += [f"{step}: {file.name} imports {name}"] if source not in files else []
    assert not missing
