"""Where a training stands after an epoch: one file, replaced whole, in a folder that outlives a killed execution."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfx_ocr.components.trainer import storage

FILE = "checkpoint.npz"


@dataclasses.dataclass(kw_only=True)
class State:
    """All that the next epoch depends on.

    Attributes:
        epoch: the next one, counted from 0.
        weights: the model's, seeds left out, in the model's order.
        shadows: their average; empty without one.
        optimizer: its variables, in its order; empty at the beginning of a phase.
        best: weights of the epoch that would be exported.
        history: one row per epoch.
    """

    epoch: int
    weights: list[np.ndarray]
    shadows: list[np.ndarray]
    optimizer: list[np.ndarray]
    best: list[np.ndarray]
    history: list[dict[str, float]]


LISTS = ("weights", "shadows", "optimizer", "best")


def get_folder(serving_model_dir: str, key: Sequence[str]) -> str:
    """Return the folder of the checkpoints of one training: beside the executions' outputs, which TFX empties.

    Args:
        serving_model_dir: `<root>/Trainer/model/<execution>/Format-Serving`.
        key: what the training depends on: recipe part, code version, input files, hyperparameters.
    """
    step = os.path.dirname(os.path.dirname(os.path.dirname(serving_model_dir.rstrip("/"))))
    return os.path.join(step, "checkpoints", hash_key(key))


def hash_key(key: Sequence[str]) -> str:
    """Return the first 16 hex digits of the SHA-256 of what a training depends on."""
    return hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()[:16]


def save(path: str, state: State) -> None:
    """Write and rename: a kill leaves the old file or the new one."""
    arrays = {f"{name}/{number}": array for name in LISTS for number, array in enumerate(getattr(state, name))}
    about: dict[str, Any] = {"epoch": state.epoch, "history": state.history}
    buffer = io.BytesIO()
    np.savez(buffer, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    storage.write_file(os.path.join(path, FILE), buffer.getvalue())


def remove(path: str) -> None:
    """Forget a training that is exported."""
    storage.remove_folder(path)


def load(path: str) -> State | None:
    """Read what `save` wrote; None where it wrote nothing."""
    content = storage.read_file(os.path.join(path, FILE))
    if content is None:
        return None
    read = np.load(io.BytesIO(content))
    about = json.loads(read["about"].tobytes())
    lists = {name: [read[key] for key in _in_order(read.files, name)] for name in LISTS}
    return State(epoch=about["epoch"], history=about["history"], **lists)


def _in_order(keys: Sequence[str], name: str) -> list[str]:
    return sorted((key for key in keys if key.startswith(f"{name}/")), key=lambda key: int(key.split("/")[1]))
