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
import tensorflow as tf

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
    name = hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()[:16]
    step = os.path.dirname(os.path.dirname(os.path.dirname(serving_model_dir.rstrip("/"))))
    return os.path.join(step, "checkpoints", name)


def save(path: str, state: State) -> None:
    """Write and rename: a kill leaves the old file or the new one."""
    arrays = {f"{name}/{number}": array for name in LISTS for number, array in enumerate(getattr(state, name))}
    about: dict[str, Any] = {"epoch": state.epoch, "history": state.history}
    buffer = io.BytesIO()
    np.savez(buffer, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    tf.io.gfile.makedirs(path)
    target = os.path.join(path, FILE)
    with tf.io.gfile.GFile(target + ".part", "wb") as file:
        file.write(buffer.getvalue())
    tf.io.gfile.rename(target + ".part", target, overwrite=True)


def remove(path: str) -> None:
    """Forget a training that is exported."""
    if tf.io.gfile.exists(path):
        tf.io.gfile.rmtree(path)


def load(path: str) -> State | None:
    """Read what `save` wrote; None where it wrote nothing."""
    target = os.path.join(path, FILE)
    if not tf.io.gfile.exists(target):
        return None
    with tf.io.gfile.GFile(target, "rb") as file:
        read = np.load(io.BytesIO(file.read()))
    about = json.loads(read["about"].tobytes())
    lists = {name: [read[key] for key in _in_order(read.files, name)] for name in LISTS}
    return State(epoch=about["epoch"], history=about["history"], **lists)


def _in_order(keys: Sequence[str], name: str) -> list[str]:
    return sorted((key for key in keys if key.startswith(f"{name}/")), key=lambda key: int(key.split("/")[1]))
