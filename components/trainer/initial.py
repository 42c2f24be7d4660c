"""Weights that a training begins with: of a weights file, of an exported version, or of a model that ships."""

from __future__ import annotations

import dataclasses
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task, list_labels
from tfx_ocr.data import pretrained
from tfx_ocr.serving.portable import FOLDER
from tfx_ocr.serving.portable.form import FORM, read_form

KEY = "_weights/{}/.ATTRIBUTES/VARIABLE_VALUE"  # of the n-th weight in an export's variables, see `export.Served`
MANIFEST = "manifest.json"  # of a pushed version; importing `serving.versions` would make it part of this step's code
STATED = {"name": "recipe", "task": "task", "alphabet": "alphabet"}  # fields of a `Part` to those of a manifest
LAST = 2  # arrays of the layer that gives the labels' logits: kernel and bias


@dataclasses.dataclass(frozen=True)
class _Source:
    """What was read, in the order of a model's weights: None for what a file lacks. It has no task and no labels."""

    arrays: Sequence[np.ndarray | None]
    task: str = ""
    labels: tuple[str, ...] = ()


def assign_initial_weights(model: keras.Model, body: int, part: Part) -> str:
    """Replace a model's weights by those of `trainer.initial_weights`, as far as they fit.

    Of the body each array of the same shape is taken, and a convolution's kernel for another height of the input (which
    `line_cnn` has: any height starts from any other) or for one channel in place of three. Of the head the hidden
    layers are, while their shapes are the same, and behind them the logits of the labels that both alphabets have.

    Args:
        model: built, with the seed's weights; its last layers are the task's.
        body: number of the weights before the head.
        part: the recipe's trainer part.

    Returns:
        What was taken, as a clause.

    Raises:
        OSError: there is nothing to be read there.
        ValueError: what is there are not weights of this network: at most half of the body's arrays fit.
    """
    fresh = model.get_weights()
    source = _read(model, part.trainer.initial_weights)
    task = get_task(part.task)
    labels = list_labels(part)
    last = len(fresh) - (LAST if labels else 0)
    taken = dict(_take_arrays(source.arrays[:last], fresh, body))
    of_body = sum(place < body for place in taken)
    if of_body <= body / 2:
        raise ValueError(f"{of_body} of the network's {body} arrays fit")
    said = [f"{of_body} of the network's {body} arrays"]
    if last > body:
        said.append(f"{len(taken) - of_body} of {last - body} of the head's")
    if labels:
        known: list[str] = []
        if len(taken) - of_body == last - body and len(source.arrays) == len(fresh):
            columns, known = _take_labels(fresh[last:], source, part, labels)
            taken.update(enumerate(columns, last))
        said.append(f"{len(known)} of {len(labels)} {task.labels.lower()}")
    model.set_weights([taken.get(place, array) for place, array in enumerate(fresh)])
    return ", ".join(said)


def assign_all_weights(model: keras.Model, folder: str, part: Part | None) -> None:
    """Replace all of a model's weights by those of an exported version.

    Args:
        model: of the network that the version was exported from.
        folder: of the version.
        part: the recipe's trainer part, whose labels must be the version's; None to leave them out of account: those of
            a version that answers a part of its alphabet are fewer than its logits.

    Raises:
        OSError: there is nothing to be read there.
        ValueError: what is there are not weights of this network, or they stand for other labels.
    """
    source = _read(model, folder)
    fresh = model.get_weights()
    arrays = [array for array in source.arrays if array is not None]
    fitting = sum(array.shape == new.shape for array, new in zip(arrays, fresh, strict=False))
    if not len(arrays) == fitting == len(fresh):
        raise ValueError(f"{fitting} of the network's {len(fresh)} arrays fit, of {len(arrays)} that are there")
    if part and source.labels and (source.task, source.labels) != (part.task, list_labels(part)):
        raise ValueError(f"its task is {source.task!r} with {len(source.labels)} labels, not the recipe's")
    model.set_weights(arrays)


def find_folder(name: str) -> str:
    """Return the folder of a model that ships, or the name itself, which is then a path."""
    return str(pretrained.get_folder(name)) if name in pretrained.list_names() else name


def _take_arrays(
    arrays: Sequence[np.ndarray | None], fresh: Sequence[np.ndarray], body: int
) -> Iterator[tuple[int, np.ndarray]]:
    for place, (array, new) in enumerate(zip(arrays, fresh, strict=False)):
        fitted = None if array is None else _fit(array, new.shape)
        if fitted is not None:
            yield place, fitted
        elif place >= body:  # the layers behind a new one are new too
            return


def _fit(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return an array, or a kernel for another height or number of channels, in `shape`; None where it does not fit."""
    if array.shape == shape:
        return array
    if array.ndim != 4 or len(shape) != 4:
        return None
    if array.shape[1:] == shape[1:]:  # rows between the old ones, of the same sum
        at = (np.arange(shape[0]) + 0.5) * array.shape[0] / shape[0] - 0.5
        low = np.clip(np.floor(at).astype(int), 0, max(0, array.shape[0] - 2))
        share = np.clip(at - low, 0.0, 1.0)[:, None, None, None].astype(array.dtype)
        high = np.minimum(low + 1, array.shape[0] - 1)
        return (array[low] * (1 - share) + array[high] * share) * (array.shape[0] / shape[0])
    if array.shape[:2] == shape[:2] and array.shape[3] == shape[3] and {array.shape[2], shape[2]} == {1, 3}:
        return np.repeat(array.sum(2, keepdims=True) / shape[2], shape[2], 2)  # grey is three equal channels
    return None


def _take_labels(
    fresh: Sequence[np.ndarray], source: _Source, part: Part, labels: tuple[str, ...]
) -> tuple[list[np.ndarray], list[str]]:
    """Return the last layer's kernel [width, logits] and bias [logits], and the labels that the source knows."""
    if not source.labels:  # a weights file does not say
        arrays = [array for array in source.arrays[-LAST:] if array is not None]
        return (arrays, list(labels)) if len(arrays) == LAST else (list(fresh), [])
    names = _name_logits(part.task, source.labels)
    if source.task != part.task or len(names) != source.arrays[-1].shape[-1]:  # `serving.restrict_to` of some labels
        return list(fresh), []
    held = {name: place for place, name in enumerate(names)}
    pairs = [(place, held[name]) for place, name in enumerate(_name_logits(part.task, labels)) if name in held]
    arrays = [array.copy() for array in fresh]
    for array, old in zip(arrays, source.arrays[-LAST:], strict=True):
        for place, other in pairs:
            array[..., place] = old[..., other]
    return arrays, [label for label in labels if label in source.labels]


def _name_logits(task: str, labels: Sequence[str]) -> list[tuple[int, str]]:
    """Return a name for each logit that does not depend on the other labels."""
    row = get_task(task)
    return [(blank, "") for blank in range(-row.blanks, 0)] + [
        (n, label) for n in range(row.rounds) for label in labels
    ]


def _read(model: keras.Model, where: str) -> _Source:
    where = find_folder(where)
    if os.path.isfile(where):  # trained on another backend, perhaps where TensorFlow is not installed
        return _read_file(model, where)
    import tensorflow as tf

    from tfx_ocr.components.trainer.packed import FLOATS, SHAPES, STEPS, unpack  # it needs TensorFlow too

    if not tf.io.gfile.isdir(where):
        return _read_file(model, where)
    try:
        variables = tf.train.load_checkpoint(os.path.join(where, "variables", "variables"))
        names = variables.get_variable_to_shape_map()
        count = sum(name.startswith("_weights/") for name in names)
        arrays = [_widen(variables.get_tensor(KEY.format(number))) for number in range(count)]
        if not arrays:
            arrays = unpack({name: variables.get_tensor(name) for name in (STEPS, FLOATS, SHAPES)})
    except (tf.errors.OpError, ValueError, KeyError) as error:
        raise ValueError(f"no export of it: {error}") from error
    return _Source(arrays, *_read_labels(Path(where)))


def _widen(array: np.ndarray) -> np.ndarray:
    """Return weights that were stored as float16 in float32."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _read_file(model: keras.Model, path: str) -> _Source:
    """Read a Keras weights file: what it lacks, or has in another shape, is None."""
    fresh = model.get_weights()
    model.set_weights([np.full_like(array, np.nan) for array in fresh])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras's, of each array that does not fit
            model.load_weights(path, skip_mismatch=True)
        return _Source([None if np.isnan(array).all() else array for array in model.get_weights()])
    finally:
        model.set_weights(fresh)


def _read_labels(folder: Path) -> tuple[str, tuple[str, ...]]:
    """Return an export's task and labels, by its portable form or its manifest."""
    if (folder / FOLDER / FORM).is_file():
        form = read_form(folder / FOLDER)
        return form.task, form.labels
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not manifest.get("task"):  # of an export that was not pushed, or of before
        return "", ()
    known = Part.from_json(json.dumps({name: manifest[key] for name, key in STATED.items()}))
    return manifest["task"], list_labels(known)
