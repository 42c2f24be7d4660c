"""Files to a model, whoever holds it: this process or a server. What `tfx-ocr predict` asks, and what comes back."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data import features, images
from tfx_ocr.data.page import alto, check, markup, page_xml
from tfx_ocr.data.page.page import build_features, list_words
from tfx_ocr.pipeline.chosen import find_model, get_signature, open_export
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving.client import RequestError, connect

BATCH = 16  # pictures in a request: less than the largest batch a server is usually set to take; pages go one by one
TIMEOUT_S = 60.0  # of a request
ABOUT_THE_QUESTION = ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "HTTP 413")  # others would meet every file
DIGITS = 6  # of a number behind the point: what float32 has, whether it came through JSON or not

Ask = Callable[[str, Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a model says to one file.

    Attributes:
        file: as it was given.
        outputs: name to text, number or list, as the recipe's task answers; empty when there is an error.
        error: why there is no answer: one clause; "" when there is one.
    """

    file: str
    outputs: Mapping[str, Any]
    error: str = ""


def build_request(recipe: Recipe, file: Path) -> tuple[str, dict[str, np.ndarray]]:
    """What a file asks of a recipe's model: the one place that knows what kind of file an input is made of.

    Pictures go to `serve_images`. Pages, PAGE XML or ALTO, go to `serve_words`, in whatever unit they are.

    Returns:
        Name of a signature, and for each of its inputs the file's own part: [] string, or [words, ...].

    Raises:
        ValueError: it cannot be read, or is no picture or no page; one clause.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise ValueError("no such file") from None
    except IsADirectoryError:
        raise ValueError("a folder: give the files in it") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if recipe.words is not None:
        return get_signature(recipe), _words(content)
    reason = images.find_problem(content, *recipe.examples.sizes)
    if reason:
        raise ValueError(reason)
    return get_signature(recipe), {features.IMAGE_BYTES_IN: np.array(images.to_png(content), dtype=object)}


def _words(content: bytes) -> dict[str, np.ndarray]:
    if images.read_size(content):
        raise ValueError("a picture: this recipe is asked about words; give the page's PAGE XML or ALTO")
    pages = alto.read(content) if alto.is_alto(markup.parse_root(content)) else [page_xml.read(content)]
    if len(pages) != 1:
        raise ValueError(f"{len(pages)} pages: give a file for each")
    words = list_words(pages[0])
    if reason := check.check_word_count(len(words)):
        raise ValueError(reason)
    record = build_features(words)
    return {
        features.WORDS_IN: np.array(record[features.WORDS], dtype=object),
        features.BOXES_IN: np.array(record[features.BOXES], dtype=np.float32).reshape(-1, 4),
    }


@contextlib.contextmanager
def open_model(
    settings: Settings, recipe: Recipe, folder: Path | None = None, server: str = ""
) -> Iterator[tuple[str, Ask]]:
    """The model that answers, open for questions.

    Args:
        settings: settings.
        recipe: the recipe; a server is asked for the model of its name.
        folder: of an exported model; None for the newest pushed version, or the shipped one while there is none.
        server: `HOST:PORT` (gRPC) or `http://HOST:PORT` (REST; TensorFlow is not imported) in place of this process.

    Yields:
        What to call it, and a function to ask it: signature and inputs to outputs.

    Raises:
        ValueError: there is no such model, it is another recipe's, or both a folder and a server are given.
    """
    if server:
        if folder is not None:
            raise ValueError("--model and --server: give one of the two")
        with connect(server, recipe.name, timeout_s=TIMEOUT_S) as client:
            yield f"at {server}", client.ask
        return
    path, version = find_model(settings, recipe, folder)
    with open_export(recipe, path) as export:
        yield (
            version,
            lambda get_signature, inputs: export.answer(
                get_signature, {name: np.array(values, dtype=object) for name, values in inputs.items()}
            ),
        )


def predict(recipe: Recipe, files: Sequence[str], ask: Ask, top: int) -> list[Answer]:
    """Ask a model about files, in batches. A file that cannot be answered costs none of the others.

    Args:
        recipe: the recipe.
        files: paths.
        ask: the model.
        top: best classes that are kept of `labels` and `probabilities`.

    Returns:
        An answer for each file, in their order.

    Raises:
        RequestError: there is no server, it is too slow, or it has no such model or signature.
    """
    answers = []
    size = BATCH if recipe.words is None else 1  # pages have as many words as they have
    for begin in range(0, len(files), size):
        batch = files[begin : begin + size]
        questions: dict[str, tuple[str, dict[str, np.ndarray]]] = {}
        errors: dict[str, str] = {}
        for file in batch:
            try:
                questions[file] = build_request(recipe, Path(file))
            except ValueError as error:
                errors[file] = str(error)
        outputs = _asked(questions, ask, errors)
        answers += [
            Answer(file, {} if file in errors else _kept(outputs[file], top), errors.get(file, "")) for file in batch
        ]
    return answers


def _asked(
    questions: Mapping[str, tuple[str, dict[str, np.ndarray]]], ask: Ask, errors: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Outputs by file; what the model cannot answer goes to `errors`, found by asking one by one."""
    if not questions:
        return {}
    files = list(questions)
    signature, first = questions[files[0]]
    try:
        outputs = ask(signature, {name: np.stack([questions[file][1][name] for file in files]) for name in first})
    except (ValueError, RequestError) as error:
        if isinstance(error, RequestError) and error.code not in ABOUT_THE_QUESTION:
            raise
        if len(files) == 1:
            errors[files[0]] = str(error)
            return {}
        return {
            name: outputs for file in files for name, outputs in _asked({file: questions[file]}, ask, errors).items()
        }
    return {file: {name: values[row] for name, values in outputs.items()} for row, file in enumerate(files)}


def _kept(outputs: Mapping[str, Any], top: int) -> dict[str, Any]:
    """Arrays of one file as texts, rounded numbers and lists of them; what every task answers stands first."""
    names = sorted(outputs, key=lambda name: (name not in (features.LABEL_OUT, features.PROBABILITY_OUT), name))
    shortened = (features.LABELS_OUT, features.PROBABILITIES_OUT)
    return {name: _plain(outputs[name][:top] if name in shortened else outputs[name]) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | list):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float | np.floating):
        return round(float(value), DIGITS)
    return value.item() if isinstance(value, np.generic) else value
