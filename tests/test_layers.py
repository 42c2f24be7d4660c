"""The project's shape, read from its sources: who may import whom, and where registries lead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfx_ocr.pipeline.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("data", "serving", "components", "pipeline")  # each may import those before it
SOURCES = sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py"))

# Folders of `components` that every step may use; any other folder is one step's own.
SHARED = {"inputs", "tasks", "networks"}
# A step that may use another's folder: the Tuner tries what the Trainer trains, by the Trainer's own input and model.
USE_STEPS = {"tuner": {"trainer"}}
# Steps that touch what is served: one tries the export, one scores the served version, one puts the new one there.
USE_SERVING = {"infra_validator", "evaluator", "example_validator", "pusher", "report", "trainer"}
# What a room must do without, so that it installs and starts without it.
WITHOUT = {"data": {"tfx", "keras", "apache_beam"}, "serving": {"tfx", "apache_beam"}}

# What runs code that a file holds: our own sources read and write none of these.
PICKLES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
PICKLING_CALLS = {"torch.load", "yaml.load", "yaml.full_load", "yaml.unsafe_load", "pandas.read_pickle"}

# "tfx_ocr.a.b:name", and what TFX takes: "tfx_ocr.a.b.name"
DOTTED = re.compile(r"(tfx_ocr(?:\.\w+)+)(?::|\.(?=\w+$))(\w+)")


def tree(source: Path) -> ast.Module:
    return ast.parse((ROOT / source).read_text(encoding="utf-8"), str(source))


def strings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and value of every string in code, except docstrings."""
    alone = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value


def imports(module: ast.Module) -> set[str]:
    """Return dotted names of everything that a module imports, also by a dotted path in a string."""
    found = {value.replace(":", ".") for _, value in strings(module) if DOTTED.fullmatch(value)}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(module: ast.Module) -> Iterator[tuple[str, ...]]:
    """Return what is imported of the project, as parts: `("components", "evaluator", "gate")`."""
    for name in sorted(imports(module)):
        package, *parts = name.split(".")
        if package == "tfx_ocr":
            yield tuple(parts)


def step(parts: tuple[str, ...]) -> str | None:
    """Return the step whose folder something is in, or None for places that every step may import."""
    room, name, *_ = (*parts, "")
    is_step = room == "components" and name not in SHARED and (ROOT / room / name / "__init__.py").is_file()
    return name if is_step else None


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_imports_go_one_way(source):
    allowed = ROOMS[: ROOMS.index(source.parts[0]) + 1]
    assert {parts[0] for parts in ours(tree(source))} <= set(allowed)


@pytest.mark.parametrize("source", [source for source in SOURCES if source.parts[0] == "components"], ids=str)
def test_a_step_leaves_other_steps_alone(source):
    used = {step(parts) for parts in ours(tree(source))} - {None}
    assert used <= {step(source.parts)} | USE_STEPS.get(step(source.parts), set())


def test_only_steps_that_touch_what_is_served_use_serving():
    components = [source for source in SOURCES if source.parts[0] == "components"]
    users = {step(source.parts) for source in components if "serving" in {parts[0] for parts in ours(tree(source))}}
    assert users <= USE_SERVING


@pytest.mark.parametrize("room", WITHOUT)
def test_a_room_does_without(room):
    sources = [source for source in SOURCES if source.parts[0] == room]
    used = {(str(source), name.split(".")[0]) for source in sources for name in imports(tree(source))}
    assert {(source, package) for source, package in used if package in WITHOUT[room]} == set()


def test_nothing_imports_tests():
    assert [source for source in SOURCES if any("tests" in name.split(".") for name in imports(tree(source)))] == []


def pickling(module: ast.Module) -> list[str]:
    """Return each use of what runs code that a file holds: an import, a call, `allow_pickle` other than False."""
    found = sorted(name for name in imports(module) if name.split(".")[0] in PICKLES)
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PICKLING_CALLS:
            found.append(ast.unparse(node.func))
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            found.append(f"allow_pickle={ast.unparse(node.value)}")
    return found


def test_no_file_is_unpickled():
    assert {str(source): found for source in SOURCES if (found := pickling(tree(source)))} == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import pickle", ["pickle"]),
        ("from joblib import load", ["joblib.load"]),
        ("import torch\ntorch.load(path)", ["torch.load"]),
        ("np.load(path, allow_pickle=True)", ["allow_pickle=True"]),
        ("np.load(path, allow_pickle=False)", []),
        ("yaml.safe_load(text)", []),
    ],
)
def test_unpickling_is_found(code, found):
    assert pickling(ast.parse(code)) == found


def paths(source: Path) -> Iterator[tuple[int, Path, str]]:
    """Yield (line, module's path without an ending, name) of every dotted path in a source that is not a package."""
    for line, value in strings(tree(source)):
        path = DOTTED.fullmatch(value)
        if path and not (ROOT / value.replace(".", "/").removeprefix("tfx_ocr/")).is_dir():
            yield line, Path(*path[1].split(".")[1:]), path[2]


def is_defined(place: Path, name: str) -> bool:
    """Return whether a name is a module in `place` or defined by the module `place`."""
    targets = (target for target in (place.with_suffix(".py"), place / "__init__.py") if (ROOT / target).is_file())
    return (ROOT / place / f"{name}.py").is_file() or any(name in defined(tree(target)) for target in targets)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_dotted_paths_lead_to_a_definition(source):
    assert [f"{source}:{line}: {name}" for line, place, name in paths(source) if not is_defined(place, name)] == []


def test_dotted_paths_are_found_and_wrong_ones_told():
    assert (Path("components/evaluator/metrics"), "text") in [path[1:] for source in SOURCES for path in paths(source)]
    assert is_defined(Path("components/networks/mlp"), "build")
    assert is_defined(Path("components/networks"), "mlp")
    assert not is_defined(Path("components/networks/mlp"), "no_such_name")
    assert not is_defined(Path("components/networks/no_such_module"), "build")


def defined(module: ast.Module) -> set[str]:
    """Return the names that a module's top level defines."""
    assigned = (node for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign))
    names = {name.id for node in assigned for name in ast.walk(node) if isinstance(name, ast.Name)}
    return names | {node.name for node in module.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def names_of_recipes(room: str) -> dict[Path, list[str]]:
    """Return where a source outside the recipes names one: `file:line: name`."""
    return {
        source: [f"{source}:{line}: {value!r}" for line, value in strings(tree(source)) if value in RECIPES]
        for source in SOURCES
        if source.parts[0] == room and source.parts[:2] != ("pipeline", "recipes")
    }


@pytest.mark.parametrize("room", ["components", "pipeline"])
def test_no_recipe_is_named_outside_recipes(room):
    assert [name for found in names_of_recipes(room).values() for name in found] == []
