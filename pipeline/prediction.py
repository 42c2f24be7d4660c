"""Ask a model about files, whoever holds it: this process or a server. What `tfx-ocr predict` does."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data import features
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving.locations import Location, find_folder
from tfx_ocr.serving.model import Model, RequestError
from tfx_ocr.serving.requests import REQUESTS, SIZES, Inputs, Sizes, read_source, stack
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder

OF_THE_REQUEST = ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "HTTP 413")  # other codes would meet every file
DIGITS = 6  # of a number behind the point: what float32 has, whether it came through JSON or not


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What a model reads in one file.

    Attributes:
        file: as it was given.
        outputs: name to text, number or list, as the recipe's task answers; empty when there is an error.
        error: why the outputs are missing: one clause; "" when there are.
    """

    file: str
    outputs: Mapping[str, Any]
    error: str = ""


def find_model(settings: Settings, recipe: Recipe, folder: Path | None) -> Location:
    """Find the model of a recipe: the one in `folder`, else the newest pushed version, else the shipped one.

    Raises:
        ValueError: none lies there.
    """
    return find_folder(folder or recipe.name, settings, recipe.pretrained)


def open_location(recipe: Recipe, location: Location) -> Model:
    """Open a recipe's model.

    Raises:
        ValueError: it cannot be loaded, or is one of another kind than the recipe's.
    """
    model = open_folder(*location, forms=(PORTABLE, SAVED_MODEL))  # the first imports no TensorFlow
    signature = recipe.input.SIGNATURE
    if signature not in model.signatures:
        model.close()
        raise ValueError(
            f"{location.folder} is not a model of {recipe.name}: it lacks the signature {signature} "
            f"(it has {', '.join(sorted(model.signatures)) or 'none'})"
        )
    return model


def predict(
    open_model: Callable[[], Model], signature: str, files: Sequence[str], top: int, sizes: Sizes = SIZES
) -> list[Prediction]:
    """Ask a model about files, in batches. A file that cannot be read costs none of the others.

    Args:
        open_model: opens the model; called when the first request is ready, and not before.
        signature: name in `REQUESTS`.
        files: paths.
        top: best classes that are kept of `labels` and `probabilities`.
        sizes: of a picture that are accepted.

    Returns:
        A prediction for each file, in their order.

    Raises:
        RequestError: the server is not there, is too slow, or has no such model or signature.
    """
    predictions = []
    kind = REQUESTS[signature]
    with contextlib.ExitStack() as opened:
        model: Model | None = None
        for begin in range(0, len(files), kind.batch):
            batch = files[begin : begin + kind.batch]
            requests: dict[str, Inputs] = {}
            errors: dict[str, str] = {}
            for file in batch:
                try:
                    requests[file] = kind.build(read_source(file), sizes)
                except ValueError as error:
                    errors[file] = str(error)
            if requests and model is None:
                model = opened.enter_context(open_model())
            outputs = _ask(model, signature, requests, errors) if model else {}
            predictions += [
                Prediction(file, {} if file in errors else _keep(outputs[file], top), errors.get(file, ""))
                for file in batch
            ]
    return predictions


def _ask(
    model: Model, signature: str, requests: Mapping[str, Inputs], errors: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Return outputs by file; what the model cannot answer goes to `errors`, found by asking one by one."""
    if not requests:
        return {}
    try:
        outputs = model.ask(signature, stack(list(requests.values())))
    except RequestError as error:
        if error.code not in OF_THE_REQUEST:
            raise
        if len(requests) == 1:
            errors[next(iter(requests))] = str(error)
            return {}
        alone = (_ask(model, signature, {file: inputs}, errors) for file, inputs in requests.items())
        return {file: outputs for found in alone for file, outputs in found.items()}
    return {file: {name: values[row] for name, values in outputs.items()} for row, file in enumerate(requests)}


def _keep(outputs: Mapping[str, Any], top: int) -> dict[str, Any]:
    """Return one file's arrays as texts, rounded numbers and lists; what every task answers stands first."""
    names = sorted(outputs, key=lambda name: (name not in (features.LABEL_OUT, features.PROBABILITY_OUT), name))
    shortened = (features.LABELS_OUT, features.PROBABILITIES_OUT)
    return {name: _to_plain(outputs[name][:top] if name in shortened else outputs[name]) for name in names}


def _to_plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | list):
        return [_to_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float | np.floating):
        return round(float(value), DIGITS)
    return value.item() if isinstance(value, np.generic) else value
