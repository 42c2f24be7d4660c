"""Hash the sources that a step runs and the libraries under them: TFX's cache sees neither.

The sources are found by following imports through the syntax trees, from a step's entry module and from what the recipe
chooses in the registries; nothing is imported.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tfx_ocr.components.evaluator.metrics import METRICS, choose_family
from tfx_ocr.components.inputs import INPUTS
from tfx_ocr.components.networks import NETWORKS
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.components.tasks import TASKS, get_task
from tfx_ocr.data import pretrained
from tfx_ocr.data.alphabets import ALPHABETS
from tfx_ocr.data.own_code import find_source, is_own, list_imports
from tfx_ocr.data.readers import READERS
from tfx_ocr.data.samples import SAMPLES
from tfx_ocr.data.schemas import OF_PAGES, OF_PICTURES, OF_WORDS, get_schema_path
from tfx_ocr.data.synthetic import KINDS, OF_DATA
from tfx_ocr.serving import API

# Whose versions change what a step writes.
LIBRARIES = (
    "apache-beam",
    "jinja2",
    "keras",
    "keras-tuner",
    "ml-metadata",
    "numpy",
    "pillow",
    "pyarrow",
    "tensorflow",
    "tensorflow-data-validation",
    "tensorflow-model-analysis",
    "tensorflow-transform",
    "tfx",
    "tfx-bsl",
)
ENTRIES = {  # modules of a step's folder that TFX is given; stock components run none of ours
    "schema": "schema_gen.component",
    "example_gen": "example_gen.component",
    "example_validator": "example_validator.component",
    "transform": "transform.preprocessing",
    "tuner": "tuner.tuner_fn",
    "trainer": "trainer.run_fn",
    "evaluator": "evaluator.component",
    "infra_validator": "infra_validator.component",
    "pusher": "pusher.component",
    "report": "report.component",
}
TASK_ROW_ALONE = ("example_gen", "evaluator", "report")  # steps that neither train, encode nor decode
# A recipe's values are in every step's exec property already; console lines and errors change no result.
LEFT_OUT = {f"tfx_ocr.components.{name}" for name in ("recipe", "progress", "stop")}
_MODULE = re.compile(r"(tfx_ocr(?:\.\w+)+)(?::\w+)?")


def compute_code_version(step: str, recipe: Recipe) -> str:
    """Return the first 12 hex digits of the SHA-256 over the sources of `step` and the libraries' versions."""
    digest = hashlib.sha256()
    for file in list_sources(step, recipe):
        digest.update(f"{file.name}\n".encode())
        digest.update(file.read_bytes())
    digest.update(list_libraries().encode())
    return digest.hexdigest()[:12]


def list_sources(step: str, recipe: Recipe) -> list[Path]:
    """Return the files that `step` runs or reads of this package, sorted.

    Only what the recipe chooses is followed: another network's sources do not change this one's Trainer.
    """
    pending = [f"tfx_ocr.components.{ENTRIES[step]}"] if step in ENTRIES else []
    if step in ("trainer", "tuner"):
        functions = [augment.function for augment in recipe.trainer.list_augmentations()]
        pending += (_get_module(function) for function in functions if function)
    other_steps = tuple(f"tfx_ocr.components.{other}." for other in ENTRIES if other != step)
    registries = _list_registries(recipe)
    choices = {_get_module(name) for registry, _ in registries.values() for name in registry.values()}
    if step in TASK_ROW_ALONE:
        task = get_task(recipe.task)
        choices |= {task.learn, task.graph}
    found: dict[str, Path] = {}
    while pending:
        name = pending.pop()
        file = _find_source(name)
        if name in found or name in LEFT_OUT or file is None:
            continue
        found[name] = file
        if not name.startswith("tfx_ocr."):  # code of one's own: what it imports of the current folder is that too
            pending += (each for each, _ in list_imports(file) if _is_of_folder(each))
        imported, named = _read_references(file)
        pending += [name.rpartition(".")[0], *imported]  # importing a module runs its package first
        pending += (each for each in named if each not in choices and not each.startswith(other_steps))
        if name in registries:
            registry, chosen = registries[name]
            pending += (_get_module(registry.get(each, each)) for each in chosen)
    return sorted({*found.values(), *_list_data_files(step, recipe)})


@functools.cache
def list_libraries() -> str:
    """Return `name==version` of what the steps run on, one per line; what is not installed is left out."""
    lines = []
    for name in LIBRARIES:
        try:
            lines.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return "\n".join(lines)


def _list_registries(recipe: Recipe) -> dict[str, tuple[Mapping[str, str], Sequence[str]]]:
    """Return the registries by their modules, each with the names that the recipe chooses."""
    return {
        "tfx_ocr.components.evaluator.metrics": (METRICS, [choose_family(recipe.task, recipe.gate)]),
        "tfx_ocr.components.inputs": (INPUTS, [recipe.input.kind]),
        "tfx_ocr.components.networks": (NETWORKS, [recipe.trainer.network]),
        "tfx_ocr.components.tasks": (TASKS, [recipe.task]),
        "tfx_ocr.data.alphabets": (ALPHABETS, [recipe.alphabet] if isinstance(recipe.alphabet, str) else []),
        "tfx_ocr.data.readers": (READERS, recipe.examples.readers),
        "tfx_ocr.data.synthetic": ({**KINDS, **OF_DATA}, [recipe.task] if recipe.examples.synthetic else []),
        "tfx_ocr.data.samples": (SAMPLES, []),  # written before a run: no step imports by these names
        "tfx_ocr.serving": (API, []),  # names for users, as well
    }


def _list_data_files(step: str, recipe: Recipe) -> Iterator[Path]:
    """Yield the files beside the code that change what `step` writes."""
    if step == "schema":
        yield from map(get_schema_path, [recipe.schema] if recipe.schema else [OF_PICTURES, OF_WORDS, OF_PAGES])
    if step == "trainer":
        for name in sorted({recipe.trainer.initial_weights, *recipe.trainer.members} & {*pretrained.list_names()}):
            yield pretrained.get_folder(name).parent / "CARD.md"  # holds the weights' hashes
    if step == "report":  # sections are loaded by name, templates and styles are not imported
        folder = _find_room("components") / "report"
        yield from (path for path in folder.rglob("*") if path.suffix in (".py", ".j2", ".css"))


def _is_of_folder(module: str) -> bool:
    file = find_source(module)
    return file is not None and is_own(file)


def _get_module(name: str) -> str:
    return name.partition(":")[0]


@functools.cache
def _read_references(file: Path) -> tuple[list[str], list[str]]:
    """Return the names in this package that a source imports, and those in its strings; not those for type checkers."""
    imported, named = [], []
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tree.body = [
        each for each in tree.body if not (isinstance(each, ast.If) and "TYPE_CHECKING" in ast.unparse(each.test))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tfx_ocr."):
            imported += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and (match := _MODULE.fullmatch(node.value))
        ):
            named.append(match[1])
    return imported, named


@functools.cache
def _find_source(name: str) -> Path | None:
    """Return the file of a module or package; None for a name that a module defines, or that looks like a module's."""
    top, *inner = name.split(".")
    if top != "tfx_ocr":
        return find_source(name)
    if not inner or importlib.util.find_spec(f"tfx_ocr.{inner[0]}") is None:  # the namespace above the rooms
        return None
    path = _find_room(inner[0]).joinpath(*inner[1:])
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


@functools.cache
def _find_room(room: str) -> Path:
    spec = importlib.util.find_spec(f"tfx_ocr.{room}")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent
