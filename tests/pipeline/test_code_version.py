"""A step's code version changes with the sources and the recipe's names it runs, and with nothing else."""

import dataclasses
import subprocess
import sys

import pytest

from tfx_ocr.components.recipe import PARTS
from tfx_ocr.pipeline import code_version as of
from tfx_ocr.pipeline.recipes import RECIPES, get_recipe

STEPS = sorted(PARTS)


@pytest.fixture
def touched(monkeypatch):
    """Return a function that gives the steps whose code version changes with the file of this ending."""

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
        ("components/networks/applications.py", set()),
        ("components/evaluator/gate.py", {"evaluator"}),
        ("data/readers/idx.py", {"example_gen"}),
        ("serving/model_server/rest_api.py", {"infra_validator"}),
        ("serving/client/rest.py", {"infra_validator"}),
        ("data/schemas/digits.pbtxt", {"schema"}),
        ("components/report/report.html.j2", {"report"}),
        ("components/report/report.css", {"report"}),
        ("components/report/sections/confusion.html.j2", {"report"}),
        ("components/evaluator/metrics/text.py", set()),
        ("components/schema_gen/executor.py", {"schema"}),
        ("data/schemas/lines.pbtxt", set()),
        ("serving/versions.py", {"example_validator", "evaluator", "infra_validator", "pusher"}),
        ("components/recipe.py", set()),
        ("components/progress.py", set()),
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


def test_what_draws_lines_touches_example_gen_where_lines_are_drawn_alone():
    plain = get_recipe("lines")
    mixed = dataclasses.replace(plain, examples=dataclasses.replace(plain.examples, synthetic=9))
    drawing = {"of_data.py", "vietnamese.py", "paper.py"}
    assert drawing <= {path.name for path in of.list_sources("example_gen", mixed) if path.parent.name == "synthetic"}
    assert not [path for path in of.list_sources("example_gen", plain) if path.name in ("of_data.py", "paper.py")]


def test_another_version_of_a_library_touches_every_step(monkeypatch):
    recipe = get_recipe("digits")
    before = [of.compute_code_version(step, recipe) for step in STEPS]
    monkeypatch.setattr(of, "list_libraries", lambda: "tensorflow==0")
    assert not {of.compute_code_version(step, recipe) for step in STEPS} & set(before)


def test_another_network_touches_training_alone():
    recipe = get_recipe("digits")
    other = recipe.choose_network("mlp")
    assert {
        step for step in STEPS if of.compute_code_version(step, recipe) != of.compute_code_version(step, other)
    } == {"tuner", "trainer"}


def test_nothing_is_imported_to_find_the_sources():
    code = (
        "import sys\n"
        "from tfx_ocr.pipeline.code_version import compute_code_version\n"
        "from tfx_ocr.pipeline.recipes import get_recipe\n"
        "compute_code_version('trainer', get_recipe('digits'))\n"
        "print({'tfx_ocr.components.trainer.run_fn', 'tensorflow', 'keras', 'tfx'} & set(sys.modules))\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "set()\n"


def test_packages_above_a_module_and_modules_named_in_strings_are_followed():
    files = {path.as_posix() for path in of.list_sources("evaluator", get_recipe("digits"))}
    for ending in ("evaluator/__init__.py", "evaluator/metrics/tfma_metric.py", "metrics/classification.py"):
        assert [file for file in files if file.endswith(ending)], ending
    assert not [file for file in files if file.endswith("metrics/syllables.py")]


def test_a_schema_that_follows_from_values_depends_on_the_reviewed_ones():
    recipe = dataclasses.replace(get_recipe("digits"), schema="")
    names = {path.name for path in of.list_sources("schema", recipe)}
    assert {"lines.pbtxt", "invoices.pbtxt", "schema.py"} <= names
    assert "digits.pbtxt" not in names
