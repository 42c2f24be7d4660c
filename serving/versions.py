"""Folders of a served model: its numbered versions, their manifests, and how a new one lands whole or not at all.

A served model is a folder of versions, as TensorFlow Serving reads it: `<model>/<number>/saved_model.pb ...`; the
highest number is served, and names that are not numbers are ignored. Standard library only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
LOCK = ".lock"
STAGING = ".staging-"
LARGEST = 2**63 - 1  # number of a version: TensorFlow Serving's int64


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a version says of itself, in `manifest.json` beside `saved_model.pb`. Older ones lack some of the fields.

    Attributes:
        recipe: name of the recipe.
        input: what comes in, as the recipe says it: `kind`, such as `image`, and how the network sees it; empty in
            manifests of before.
        task: what is read, as the recipe says it; "" in manifests of before.
        alphabet: of the labels, as the recipe says it: a name, or the classes or characters themselves; "" in manifests
            of before.
        version: number of the folder.
        created: when it was pushed, ISO 8601 in UTC.
        tensorflow: version it was exported and tried with.
        signatures: names, sorted.
        split: of the examples it was judged on.
        n: how many they were.
        metrics: what it reached on them, by name.
        examples_digest: of them: a later model is held against `metrics` where it is judged on the same.
        trained_on: hashes of training examples, see `components.evaluator.records.select_sample`; "" in manifests of
            before.
        profile: of the pictures it was trained on and of its answers, see `serving.drift.build_profile`; empty in
            manifests of before.
        statistics: folder of the statistics of its examples, for what later data is compared with; "" in manifests of
            before.
        run: that pushed it, as the orchestrator names it; "" in manifests of before.
        restores: the older version whose files these are; 0 for a version that was pushed.
        why: reason given for restoring it.
        files: every file but this one, by path below the folder, to its SHA-256 in hex.
    """

    recipe: str = ""
    input: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    task: str = ""
    alphabet: str | Mapping[str, Any] = ""
    version: int = 0
    created: str = ""
    tensorflow: str = ""
    signatures: tuple[str, ...] = ()
    split: str = ""
    n: int = 0
    metrics: Mapping[str, float] = dataclasses.field(default_factory=dict)
    examples_digest: str = ""
    trained_on: str = ""
    profile: Mapping[str, Mapping[str, int]] = dataclasses.field(default_factory=dict)
    statistics: str = ""
    run: str = ""
    restores: int = 0
    why: str = ""
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)


def list_versions(serving_dir: str | os.PathLike[str]) -> list[int]:
    """List the numbers of the versions in `serving_dir`, ascending: all that a model server sees, pushed or copied."""
    try:
        return sorted(list_folders(serving_dir))
    except FileNotFoundError:
        return []


def list_folders(serving_dir: str | os.PathLike[str]) -> dict[int, Path]:
    """List the versions in `serving_dir`, number to folder; a number may be written with zeros before it.

    Raises:
        OSError: `serving_dir` cannot be read.
    """
    entries = sorted(Path(serving_dir).iterdir())
    found = {int(each.name): each for each in entries if each.name.isascii() and each.name.isdigit() and each.is_dir()}
    return {number: path for number, path in found.items() if number <= LARGEST}


def find_newest(serving_dir: str | os.PathLike[str]) -> int | None:
    """Return the number of the version that is served; None for an empty folder."""
    return max(list_versions(serving_dir), default=None)


def read_served(serving_dir: str | os.PathLike[str]) -> Manifest | None:
    """Return the manifest of the version that is served, by its folder's number; None for one pushed by other hands."""
    numbers = list_versions(serving_dir)[-1:]
    return next(
        (dataclasses.replace(found, version=each) for each, found in _read_manifests(serving_dir, numbers)), None
    )


def get_folder(serving_dir: str | os.PathLike[str], version: int) -> Path:
    """Return a version's folder: the one that is there, whose name may have zeros before the number, or a new one."""
    new = Path(serving_dir) / str(version)
    return list_folders(serving_dir).get(version, new) if Path(serving_dir).is_dir() else new


def compute_digests(version_dir: str | os.PathLike[str], without: Sequence[str] = ()) -> dict[str, str]:
    """Compute the SHA-256 in hex of every file but the manifest, by its path below `version_dir`, sorted.

    Args:
        version_dir: such a folder.
        without: paths of folders below it that are left out.
    """
    top, left_out = Path(version_dir), tuple(f"{folder}/" for folder in without)
    found = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        if path.is_file() and name != MANIFEST and not name.startswith(left_out):
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def read_manifest(version_dir: str | os.PathLike[str]) -> Manifest:
    """Read a version's manifest.

    Raises:
        ValueError: the manifest is missing or damaged.
    """
    path = Path(version_dir) / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(**{**values, "signatures": tuple(values["signatures"])})
    except FileNotFoundError:
        raise ValueError(f"{path} is not there: this version was not pushed by this project's Pusher") from None
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is not a manifest: {error}") from None


def verify(version_dir: str | os.PathLike[str]) -> Manifest:
    """Read a version's manifest and hold every file against it.

    Raises:
        ValueError: the manifest is missing, or a file was changed, added or lost since the push.
    """
    manifest = read_manifest(version_dir)
    there = compute_digests(version_dir)
    for name in sorted({*there, *manifest.files}):
        if there.get(name) != manifest.files.get(name):
            what = "lost" if name not in there else "changed" if name in manifest.files else "added"
            raise ValueError(f"{Path(version_dir) / name} was {what} since the push: push the model again")
    return manifest


def publish(
    source: str | os.PathLike[str], serving_dir: str | os.PathLike[str], manifest: Manifest, without: Sequence[str] = ()
) -> Manifest:
    """Make the model in `source` the version that is served, whole or not at all.

    It is copied to a staging folder that no server looks at, every file and folder is forced to disk, and one rename
    makes it a version. Whatever kills this, before the rename the old version is served and after it the new one; what
    a killed push left is removed by the next. A model that is the newest version already is not pushed twice. Pushes
    to one folder wait for each other; numbers only grow, from the Unix time in seconds.

    Args:
        source: folder of a SavedModel; a manifest in it is not taken along.
        serving_dir: folder of the served versions, on a file system that renames atomically (no object storage).
        manifest: what is known of the model; `version`, `created` and `files` are filled in.
        without: paths of folders below `source` that are not taken along.

    Returns:
        The manifest of the version that is served now.

    Raises:
        ValueError: `source` holds no model, it changed while it was copied, or something in `serving_dir` has a name
            that no push can go past.
        OSError: `source` cannot be read, or `serving_dir` cannot be written.
    """
    source, serving_dir = Path(source), Path(serving_dir)
    files = compute_digests(source, without)
    if not files:
        raise ValueError(f"{source} holds no model to push")
    serving_dir.mkdir(parents=True, exist_ok=True)
    _sync(serving_dir.parent)
    with _locked(serving_dir):
        for left in serving_dir.glob(f"{STAGING}*"):
            if left.is_symlink() or not left.is_dir():
                raise ValueError(f"{left} is not the folder of a push: move it, the name is kept for pushes")
            shutil.rmtree(left)
        last = find_newest(serving_dir)
        if last is not None:
            with contextlib.suppress(ValueError):  # not ours, or damaged: push
                served = verify(get_folder(serving_dir, last))
                if served.files == files:
                    return served
        if last == LARGEST:
            folder = get_folder(serving_dir, last)
            raise ValueError(f"{folder} has the largest number, so no push after it is served: move it or renumber it")
        now = datetime.datetime.now(datetime.UTC)
        manifest = dataclasses.replace(
            manifest,
            version=max(int(time.time()), (last or 0) + 1),
            created=now.isoformat(timespec="seconds"),
            files=files,
        )
        staging = serving_dir / f"{STAGING}{manifest.version}"
        try:
            for name in files:
                copy = staging / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, copy)
                _sync(copy)
            text = json.dumps(dataclasses.asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True)
            (staging / MANIFEST).write_text(text, encoding="utf-8")
            _sync(staging / MANIFEST)
            for each in [*(path for path in staging.rglob("*") if path.is_dir()), staging]:
                _sync(each)
            verify(staging)
            os.rename(staging, get_folder(serving_dir, manifest.version))
        except OSError:  # a full disk: give back what this took of it
            shutil.rmtree(staging, ignore_errors=True)
            raise
        _sync(serving_dir)
    return manifest


def roll_back(serving_dir: str | os.PathLike[str], version: int | None = None, why: str = "") -> Manifest:
    """Serve an older version again, as a new version with the same files: numbers only grow, nothing is removed.

    Args:
        serving_dir: folder of the served versions.
        version: to restore; None for the newest one whose files are not those that are served now.
        why: reason, kept in the manifest.

    Returns:
        The manifest of the version that is served now.

    Raises:
        ValueError: the version is unknown, not what was pushed, or served already.
    """
    numbers = list_versions(serving_dir)
    if version is None:
        version = _find_previous(serving_dir, numbers)
    if version not in numbers:
        there = ", ".join(map(str, numbers)) or "none"
        raise ValueError(f"{serving_dir} has no version {version}; there are: {there}")
    old = get_folder(serving_dir, version)
    manifest = verify(old)
    restored = publish(old, serving_dir, dataclasses.replace(manifest, restores=manifest.restores or version, why=why))
    if restored.version == numbers[-1]:
        raise ValueError(f"version {numbers[-1]} is served already, with the files of version {version}")
    return restored


def find_restored(serving_dir: str | os.PathLike[str]) -> int:
    """Return the number of the newest version that `roll_back` made; 0 before the first."""
    newest_first = _read_manifests(serving_dir, reversed(list_versions(serving_dir)))
    return next((number for number, manifest in newest_first if manifest.restores), 0)


def find_withdrawn(serving_dir: str | os.PathLike[str], files: Mapping[str, str]) -> int | None:
    """Return the version with these files that the newest roll-back took out of service; None for other files.

    Args:
        serving_dir: folder of the served versions.
        files: path to SHA-256, as `compute_digests` gives them.
    """
    restored = find_restored(serving_dir)
    oldest = read_manifest(get_folder(serving_dir, restored)).restores if restored else 0
    between = [number for number in list_versions(serving_dir) if oldest < number < restored]
    return next((number for number, manifest in _read_manifests(serving_dir, between) if manifest.files == files), None)


def prune(serving_dir: str | os.PathLike[str], keep: int) -> list[int]:
    """Remove the oldest versions, whole or not at all.

    Versions without a manifest are kept, and so are the version that is served and the newest one that was pushed
    rather than restored.

    Args:
        serving_dir: folder of the served versions.
        keep: how many of the newest versions stay; 0 keeps all.

    Returns:
        The numbers of the removed versions, ascending.
    """
    if not keep:
        return []
    with _locked(Path(serving_dir)):
        numbers = list_versions(serving_dir)
        manifests = dict(_read_manifests(serving_dir, numbers))
        blessed = max((number for number, manifest in manifests.items() if not manifest.restores), default=0)
        removed = [number for number in numbers[:-keep] if number in manifests and number != blessed]
        for number in removed:
            staged = Path(serving_dir) / f"{STAGING}removed-{number}"
            get_folder(serving_dir, number).rename(staged)
            shutil.rmtree(staged)
    return removed


def _find_previous(serving_dir: str | os.PathLike[str], numbers: Sequence[int]) -> int:
    """Return the newest version whose files differ from those of the served one."""
    if not numbers:
        raise ValueError(f"{serving_dir} has no version to go back from")
    served = compute_digests(get_folder(serving_dir, numbers[-1]))
    for number, manifest in _read_manifests(serving_dir, reversed(numbers[:-1])):
        if manifest.files != served:
            return number
    raise ValueError(f"{serving_dir} has no version before {numbers[-1]} to go back to")


def _read_manifests(serving_dir: str | os.PathLike[str], numbers: Iterable[int]) -> Iterator[tuple[int, Manifest]]:
    """Yield versions with their manifests; those that were pushed by other hands, without one, are left out."""
    for number in numbers:
        with contextlib.suppress(ValueError):
            yield number, read_manifest(get_folder(serving_dir, number))


@contextlib.contextmanager
def _locked(serving_dir: Path) -> Iterator[None]:
    """One push at a time; the lock goes when the process does."""
    with (serving_dir / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync(path: Path) -> None:
    """Force a file or a folder's list of names to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
