"""The worked examples of CONTRIBUTING.md are applied to a copy of the project and run there, word for word."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tfx_ocr.components.recipe import Base, Image

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FOLDERS = ("pipeline", "components", "data", "serving")
DIFFS = re.findall(r"^(\+\+\+|---) (\S+)\n((?:[ +-](?![+-]{2} ).*\n)+)", TEXT, re.MULTILINE)


def apply_hunk(text: str, hunk: str) -> str:
    """Return `text` with a hunk applied; ` ...` divides it into parts that are applied on their own.

    Raises:
        ValueError: the lines that a part keeps or removes are not in `text` in a row, or more than once.
    """
    lines = text.splitlines(keepends=True)
    for part in hunk.split(" ...\n"):
        changes = part.splitlines(keepends=True)
        old = [line[1:] for line in changes if line[0] in " -"]
        new = [line[1:] for line in changes if line[0] in " +"]
        starts = [start for start in range(len(lines)) if lines[start : start + len(old)] == old]
        if len(starts) != 1:
            raise ValueError(f"{len(starts)} times in the file instead of once: {''.join(old)}")
        lines[starts[0] : starts[0] + len(old)] = new
    return "".join(lines)


class Project:
    """A copy of the project's packages with all examples applied."""

    def __init__(self, root: Path):
        self.packages = root / "tfx_ocr"
        ignored = shutil.ignore_patterns("__pycache__", "model", "fonts", "*.zip")
        for folder in FOLDERS:
            shutil.copytree(ROOT / folder, self.packages / folder, ignore=ignored)
        for sign, path, lines in DIFFS:
            target = self.packages / path
            if sign == "+++":
                assert not target.exists()
                target.parent.mkdir(exist_ok=True)
                target.write_text(re.sub(r"^\+", "", lines, flags=re.MULTILINE), encoding="utf-8")
            else:
                target.write_text(apply_hunk(target.read_text(encoding="utf-8"), lines), encoding="utf-8")

    def run(self, code: str) -> str:
        """Run Python code with the copy's modules; return what it prints."""
        root = self.packages.parent
        environment = {**os.environ, "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("contributing"))
    assert made.run("import tfx_ocr.data as data; print(data.__file__)").startswith(str(made.packages))
    return made


def test_a_hunk_is_applied_where_its_lines_are_and_nowhere_else():
    assert apply_hunk("a\nb\nc\nd\n", " a\n-b\n+B\n ...\n d\n+e\n") == "a\nB\nc\nd\ne\n"
    for text in ("a\nc\n", "a\nb\na\nb\n", "xa\nb\n"):
        with pytest.raises(ValueError, match="instead of once"):
            apply_hunk(text, " a\n-b\n")


def test_there_is_an_example_for_each_kind():
    new = [path for sign, path, _ in DIFFS if sign == "+++"]
    assert new == [
        "components/networks/wide_mlp.py",
        "components/tasks/smoothed/__init__.py",
        "components/tasks/smoothed/learn.py",
        "data/readers/one_folder.py",
        "serving/runtimes/linear.py",
        "pipeline/recipes/capitals.py",
    ]


def test_files_and_names_that_the_table_sends_to_are_there():
    table = TEXT[TEXT.index("| a network |") : TEXT.index("The registries are")]
    places = re.findall(r"`([A-Z]+)` in `([\w/.]+)`", table)
    assert len(places) >= 6
    assert [(name, path) for name, path in places if f"\n{name} = {{" not in (ROOT / path).read_text()] == []


def test_the_metric_is_computed(project):
    # label a: 1 of 2 right, label b: 1 of 1, label c: never
    code = """
import numpy as np
from tfx_ocr.components.evaluator.metrics.classification import NAMES, measure
averages = measure([("a", "a"), ("a", "c"), ("b", "b")])(np.array([[1, 1, 1], [2, 0, 1]]))
print(sorted(set(NAMES) - set(averages)), averages["worst_class_recall"].tolist())
"""
    assert project.run(code) == "[] [0.5, 1.0]\n"


def test_the_metric_is_known_to_the_gate(project):
    code = """
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.recipes import get_recipe
check_recipe(get_recipe("digits"))
print(get_recipe("digits").gate.at_least["worst_class_recall"])
"""
    assert project.run(code) == "0.8\n"


def test_the_reader_reads(project, tmp_path):
    for name in ("7_anna.png", "3_ben.png", "nobody.png"):
        (tmp_path / name).write_bytes(name.encode())
    code = f"""
from pathlib import Path
from tfx_ocr.data.readers import choose_reader, get_reader
from tfx_ocr.pipeline.recipes import get_recipe
root = Path({str(tmp_path)!r})
reader = get_reader(choose_reader(root, get_recipe("digits").examples.readers))
for record in (record for shard in reader.list_shards(root) for record in reader.read(root, shard)):
    print(record if hasattr(record, "reason") else " ".join([record.source, str(record.features), record.group]))
"""
    assert project.run(code).splitlines() == [
        "3_ben.png {'image': b'3_ben.png', 'label': b'3'} ben",
        "7_anna.png {'image': b'7_anna.png', 'label': b'7'} anna",
        "Rejected(source='nobody.png', reason='no label: no underscore in the name')",
    ]


def test_the_runtime_answers_and_refuses(project, tmp_path):
    kernel, bias = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), np.array([0.5, -1.0], np.float32)
    np.savez(tmp_path / "linear.npz", kernel=kernel, bias=bias)
    code = f"""
from pathlib import Path
import numpy as np
from tfx_ocr.serving.locations import open_model
with open_model(Path({str(tmp_path)!r})) as model:
    print(model.ask("serving_default", {{"x": np.array([[1, 10]], np.float32)}})["y"].tolist())
    try:
        model.ask("serving_default", {{"z": np.zeros(1)}})
    except ValueError as error:
        print(error)
"""
    # 1 * 1 + 10 * 3 + 0.5 and 1 * 2 + 10 * 4 - 1
    answer, refusal = project.run(code).splitlines()
    assert answer == "[[31.5, 41.0]]"
    assert refusal == f"serving_default of {tmp_path}: it takes x, and was given z (INVALID_ARGUMENT)"


def test_the_recipe_lacks_only_its_alphabet(project):
    code = """
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.recipes import get_recipe
recipe = get_recipe("capitals")
print(recipe.name, dict(recipe.gate.at_least))
try:
    check_recipe(recipe)
except ValueError as error:
    print(error)
"""
    said = project.run(code).splitlines()
    assert said[0] == "capitals {'accuracy': 0.9}"
    assert said[1].startswith("recipe capitals: alphabet is 'capitals'; known: ")


def test_the_network_is_one_that_the_recipe_may_name(project):
    code = """
import dataclasses
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.recipes import get_recipe
recipe = get_recipe("digits")
check_recipe(dataclasses.replace(recipe, trainer=dataclasses.replace(recipe.trainer, network="wide_mlp")))
"""
    assert project.run(code) == ""


def test_the_task_is_one_that_a_recipe_may_name(project):
    code = """
import dataclasses
from tfx_ocr.components.tasks import get_task
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.recipes import get_recipe
check_recipe(dataclasses.replace(get_recipe("digits"), task="smoothed"))
print(get_task("smoothed").graph)
"""
    assert project.run(code) == "tfx_ocr.components.tasks.classification.graph\n"


def load(path: Path) -> ModuleType:
    """Import a file of the copy under its own name, beside the project's modules."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.tfx
def test_the_network_builds(project):
    network = load(project.packages / "components/networks/wide_mlp.py")
    model = network.build(Image(height=4, width=5, channels=3), Base())
    assert (network.GIVES, model.output_shape, model.count_params()) == ("vector", (None, 2048), (4 * 5 * 3 + 1) * 2048)


@pytest.mark.tfx
def test_the_task_learns_by_smoothed_labels(project):
    learn = load(project.packages / "components/tasks/smoothed/learn.py")
    # softmax of [ln 3, 0] is 0.75 and 0.25, the targets are 0.95 and 0.05
    loss = learn.build_loss()(np.array([0]), np.array([[math.log(3), 0.0]], np.float32))
    assert float(loss) == pytest.approx(-0.95 * math.log(0.75) - 0.05 * math.log(0.25), abs=1e-6)


def test_the_commands_are_targets():
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z0-9-]+)", TEXT)) <= set(targets)
