"""Whether a run would change nothing, found without TFX: its cache knows too, but takes half a minute to import.

What a run depended on is kept with how it ended (`last_run`). Whatever is doubtful counts as a change.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tfx_ocr.components.example_gen.fingerprint import compute_fingerprint
from tfx_ocr.components.recipe import PARTS, Recipe
from tfx_ocr.components.stop import Stop
from tfx_ocr.data.files import hash_file
from tfx_ocr.pipeline import last_run, repeats
from tfx_ocr.pipeline.code_version import compute_code_version
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions


def describe(recipe: Recipe, settings: Settings) -> dict[str, Any]:
    """Return what a run is made of but its data: the settings, the recipe's parts, the code and the libraries.

    Call it before the run: what is edited meanwhile is a change.
    """
    own = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        own.update(path.read_bytes())
    return {
        "settings": {name: value for name, value in dataclasses.asdict(settings).items() if name != "trace"},
        "recipe": {step: recipe.dump_part(step) for step in PARTS},
        "code": {step: compute_code_version(step, recipe) for step in PARTS} | {"pipeline": own.hexdigest()},
        "libraries": _digest_libraries(),
        "repeats": repeats.read_results(settings),
    }


def describe_results(settings: Settings, uris: Iterable[str], fingerprint: str) -> dict[str, Any] | None:
    """Return what a run read and left behind; None where that cannot be compared from here.

    Args:
        settings: of the run.
        uris: of all its artifacts.
        fingerprint: of the data, as ExampleGen took it: `compute_fingerprint`'s.
    """
    addresses = (settings.input, settings.root, settings.serving_dir)
    if settings.metadata or any("://" in address for address in addresses):
        return None
    return {
        "data": fingerprint,
        "artifacts": {uri: _list_sizes(uri) for uri in sorted(uris)},
        "metadata": hash_file(settings.metadata_file),
        "newest": versions.find_newest(settings.serving_dir),
    }


def recall(recipe: Recipe, settings: Settings) -> dict[str, Any] | None:
    """Return how the last run ended, told as that of a run which executed nothing; None where something changed.

    A run that the gate refused is recalled too: the same model would be refused again.
    """
    began = time.monotonic()
    result = last_run.read(settings)
    try:
        if find_change(recipe, settings, result):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Stop):  # unreadable, or of another release
        return None
    steps = [step | {"seconds": 0.0, "executed": False} for step in result["steps"]]
    return result | {"steps": steps, "seconds": round(time.monotonic() - began, 1)}


def find_change(recipe: Recipe, settings: Settings, result: dict[str, Any]) -> str | None:
    """Return what is not as the last run left it, the quickest to find first; None when nothing is.

    Args:
        recipe: to run.
        settings: as `pipeline.check.check` gives them.
        result: of the last run, as `last_run.read` gives it.

    Raises:
        OSError, ValueError, KeyError, TypeError, AttributeError, Stop: it cannot be found.
    """
    before = result.get(last_run.KEY)
    if result.get("status") not in ("pushed", "refused") or not before:
        return "no run that reached its end"
    for name, value in describe(recipe, settings).items():
        if before[name] != value:
            return name
    if hash_file(settings.metadata_file) != before["metadata"]:
        return "metadata"
    for uri, sizes in before["artifacts"].items():
        if _list_sizes(uri) != sizes:
            return f"artifact {uri}"
    if versions.find_newest(settings.serving_dir) != before["newest"]:
        return "served versions"
    if result["version"]:
        versions.verify(versions.get_folder(settings.serving_dir, int(result["version"])))
    return "data" if compute_fingerprint(Path(settings.input)) != before["data"] else None


def remove_stale(settings: Settings, result: dict[str, Any]) -> None:
    """Remove artifacts that are not what they were, so that TFX's cache does not take them for whole.

    Those are folders that lost files since the last run, and records of a push whose version was lost or damaged while
    nothing newer is served.
    """
    root = Path(settings.root)
    if "://" in settings.root or "://" in settings.serving_dir:
        return
    for uri, sizes in ((result.get(last_run.KEY) or {}).get("artifacts") or {}).items():
        if Path(uri).is_relative_to(root) and Path(uri).is_dir() and sizes.items() - _list_sizes(uri).items():
            shutil.rmtree(uri)
    newest = versions.find_newest(settings.serving_dir) or 0
    for manifest in root.glob(f"Pusher/pushed_model/*/{versions.MANIFEST}"):
        try:
            version = versions.read_manifest(manifest.parent).version
            if version >= newest:
                versions.verify(versions.get_folder(settings.serving_dir, version))
        except (OSError, ValueError):
            shutil.rmtree(manifest.parent)


def _list_sizes(uri: str) -> dict[str, int]:
    """Return the files in an artifact's folder with their bytes; an empty list for a missing folder."""
    return {
        path.relative_to(uri).as_posix(): path.stat().st_size for path in sorted(Path(uri).rglob("*")) if path.is_file()
    }


def _digest_libraries() -> str:
    """Return a hash of the Python, of every installed distribution, and of the lock that they were installed from."""
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}  # sys.path differs from command to command
    installed = sorted(name for folder in folders for name in os.listdir(folder) if name.endswith("-info"))
    stamp = Path(sys.prefix, ".setup")  # `make setup` writes it: the lock's digest
    lock = stamp.read_text(encoding="utf-8") if stamp.exists() else ""
    return hashlib.sha256("\n".join([sys.version, *installed, lock]).encode()).hexdigest()
