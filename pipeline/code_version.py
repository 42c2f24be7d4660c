"""A hash of the sources a step runs and of the libraries under them: TFX's cache sees neither.

`components/recipe.py` is left out on purpose: its values are in every step's exec property already.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

from tfx_ocr.components import networks, tasks
from tfx_ocr.components.inputs import INPUTS
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data import pretrained
from tfx_ocr.data.alphabets import ALPHABETS
from tfx_ocr.data.readers import READERS

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
ROOMS = ("pipeline", "components", "data", "serving")


def list_modules(step: str, recipe: Recipe) -> tuple[str, ...]:
    """Modules and packages whose sources `step` runs, as `room.module`; a package stands for all it holds.

    Only what the recipe names: another network's sources do not touch this one's Trainer.
    """
    alphabet = _named(ALPHABETS, recipe.alphabet)
    task = _named(tasks.TASKS, recipe.task)
    model = (
        *("components.inputs", *_with_siblings(_named(INPUTS, recipe.input))),
        *("components.tasks", *_with_siblings(task), alphabet, "data.alphabets", "data.features"),
    )
    network = ("components.networks", *_with_siblings(_named(networks.NETWORKS, recipe.trainer.network)))
    return {
        "example_gen": (
            *(
                "components.example_gen.*",
                "data.record",
                "data.validation",
                "data.page.*",
                "data.normalization",
                "data.images",
                "data.labels",
                "data.files",
            ),
            *("data.features", "data.readers", "data.readers.split_names", alphabet),
            *(_named(READERS, name) for name in recipe.examples.readers),
        ),
        "statistics_gen": (),
        "schema": ("data.schemas",),
        "example_validator": ("components.example_validator.*",),
        "transform": ("components.transform.*", *model),
        "tuner": ("components.tuner.*", "components.trainer.*", "data.pretrained", *model, *network),
        "trainer": ("components.trainer.*", "data.pretrained", *model, *network),
        "evaluator": (
            *("components.evaluator.*", "data.alphabets.hangul", "data.normalization"),  # of all families of metrics
            *("data.features", alphabet, "serving.versions", "serving.export", "serving.signature", "serving.c_loader"),
        ),
        "infra_validator": (
            *("components.infra_validator.*", "serving.export", "serving.signature", "serving.c_loader"),
            *("serving.model_server.*", "serving.client.*", "serving.versions"),
            *model,
        ),
        "pusher": ("components.pusher.*", "serving.versions", "data.features"),
        "report": (
            *("components.report.*", "data.features", "data.normalization", "data.alphabets.hangul"),  # of all sections
            *_with_siblings(task),
        ),
    }[step]


def compute_code_version(step: str, recipe: Recipe) -> str:
    """First 12 hex digits of the SHA-256 over the sources of `step` and the libraries' versions.

    Raises:
        FileNotFoundError: a module named in `list_modules` is not there.
    """
    digest = hashlib.sha256()
    for file in _files(list_modules(step, recipe)):
        digest.update(f"{file.name}\n".encode())
        digest.update(file.read_bytes())
    if step == "schema":
        digest.update((_folder("data.schemas") / recipe.schema).read_bytes())
    if step == "trainer" and recipe.trainer.initial_weights in pretrained.list_names():
        digest.update(
            (pretrained.get_folder(recipe.trainer.initial_weights).parent / "CARD.md").read_bytes()
        )  # its hashes
    digest.update(list_libraries().encode())
    return digest.hexdigest()[:12]


@functools.cache
def list_libraries() -> str:
    """`name==version` of what the steps run on, a line each; what is not installed is left out."""
    lines = []
    for name in LIBRARIES:
        try:
            lines.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return "\n".join(lines)


def _named(registry: dict[str, str], name: str) -> str:
    return registry[name].split(":")[0].removeprefix("tfx_ocr.")


def _with_siblings(module: str) -> tuple[str, ...]:
    """The module and those of its own package that it is built from."""
    package = module.rpartition(".")[0]
    imported = re.findall(rf"^from tfx_ocr\.{re.escape(package)}(?:\.(\w+))? import (.+)$", _source(module), re.M)
    names = {f"{package}.{name}" for inner, many in imported for name in ([inner] if inner else many.split(", "))}
    return module, *sorted(name for name in names if _room(name).with_suffix(".py").exists())


def _source(module: str) -> str:
    return _room(module).with_suffix(".py").read_text(encoding="utf-8")


def _files(names: Iterable[str]) -> list[Path]:
    found: set[Path] = set()
    for name in names:
        if name.endswith(".*"):
            found.update(path for path in _folder(name[:-2]).rglob("*") if path.suffix in (".py", ".j2", ".css"))
            continue
        path = _room(name)
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not file.exists():
            raise FileNotFoundError(f"code version: no module {name} at {file}")
        found.add(file)
    return sorted(found)


def _folder(name: str) -> Path:
    path = _room(name)
    if not path.is_dir():
        raise FileNotFoundError(f"code version: no package {name} at {path}")
    return path


def _room(name: str) -> Path:
    room, *inner = name.split(".")
    spec = importlib.util.find_spec(f"tfx_ocr.{room}")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*inner)
