"""Answers to JSON as TensorFlow Serving's REST API writes it, to its numbers' digits and its error messages."""

from __future__ import annotations

import binascii
import json
import math
from collections.abc import Mapping

import numpy as np

from tfx_ocr.serving import messages, tensors
from tfx_ocr.serving.dtypes import DT_BOOL, DT_STRING
from tfx_ocr.serving.model_server.errors import InvalidArgumentError
from tfx_ocr.serving.model_server.json_tensors import BASE64, INTEGERS, SUPPORTED, get_type_name

BYTES_SUFFIX = "_bytes"  # of an output whose texts are bytes

NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def format_tensors(outputs: Mapping[str, messages.TensorProto], by_row: bool) -> bytes:
    """Write the answer of a Predict request, in the form of the request.

    Args:
        outputs: by name; one alone is written without its name.
        by_row: as `to_tensors` has returned it.

    Raises:
        ServingError: INVALID_ARGUMENT; `outputs` is empty, JSON has no form for a type, or, by row, the outputs are not
            of one batch.
    """
    if not outputs:
        raise InvalidArgumentError("Cannot convert empty tensor map to JSON")
    if not by_row:
        texts = {name: _texts(name, tensor, 0)[0] for name, tensor in sorted(outputs.items())}
        one = next(iter(texts.values()))
        return _encoded(f'{{\n    "outputs": {one if len(texts) == 1 else _object(texts, 4)}\n}}')
    batch = -1
    for name, tensor in sorted(outputs.items()):
        if not tensor.tensor_shape.dim:
            raise InvalidArgumentError(f"Tensor name: {name} has no shape information ")
        size = tensor.tensor_shape.dim[0].size
        if batch not in (-1, size):
            raise InvalidArgumentError(f"Tensor name: {name} has inconsistent batch size: {size} expecting: {batch}")
        batch = size
    columns = {name: _texts(name, tensor, 1) for name, tensor in sorted(outputs.items())}
    if len(columns) == 1:
        rows = ", ".join(next(iter(columns.values())))
    else:
        rows = ",".join(
            f"\n        {_object(dict(zip(columns, row, strict=True)), 8)}"
            for row in zip(*columns.values(), strict=True)
        )
    return _encoded(f'{{\n    "predictions": [{rows}\n    ]\n}}')


def format_classifications(result: messages.ClassificationResult) -> bytes:
    """Write the answer of a Classify request: `[[label, score], ...]` for each example.

    Raises:
        ServingError: INVALID_ARGUMENT; the result is empty.
    """
    if not result.classifications:
        raise InvalidArgumentError("Cannot convert empty ClassificationResults to JSON")
    rows = []
    for each in result.classifications:
        scores = _decimals(np.array([one.score for one in each.classes], dtype=np.float32))
        pairs = (f"[{_quoted(one.label)}, {score}]" for one, score in zip(each.classes, scores, strict=True))
        rows.append(f"[{', '.join(pairs)}]")
    return _encoded(f'{{\n    "results": [{", ".join(rows)}\n    ]\n}}')


def format_regressions(result: messages.RegressionResult) -> bytes:
    """Write the answer of a Regress request: a number for each example.

    Raises:
        ServingError: INVALID_ARGUMENT; the result is empty.
    """
    if not result.regressions:
        raise InvalidArgumentError("Cannot convert empty RegressionResults to JSON")
    values = _decimals(np.array([each.value for each in result.regressions], dtype=np.float32))
    return _encoded(f'{{\n    "results": [{", ".join(values)}]\n}}')


def format_error(message: str) -> bytes:
    """Write what a client reads in place of an answer."""
    return _encoded(_object({"error": _quoted(message)}, 0))


def _texts(name: str, tensor: messages.TensorProto, outer: int) -> list[str]:
    """JSON of a tensor's parts past its first `outer` dimensions, as many as those hold."""
    if tensor.dtype not in SUPPORTED:
        raise InvalidArgumentError(f"Failed to write JSON value for tensor type: {get_type_name(tensor.dtype)}")
    array = tensors.to_array(tensor, name)
    values = array.ravel()
    if tensor.dtype == DT_STRING:
        as_bytes = name.endswith(BYTES_SUFFIX)
        # bytes that are not UTF-8 go out as they are
        tokens = [_base64(text) if as_bytes else _quoted(text.decode("utf-8", "surrogateescape")) for text in values]
    elif tensor.dtype == DT_BOOL:
        tokens = ["true" if each else "false" for each in values.tolist()]
    elif tensor.dtype in INTEGERS:
        tokens = [*map(str, values.tolist())]
    else:
        tokens = _decimals(values)
    for level in reversed(range(outer, array.ndim)):
        size = array.shape[level]
        starts = (number * size for number in range(math.prod(array.shape[:level])))
        tokens = [f"[{', '.join(tokens[start : start + size])}]" for start in starts]
    return tokens


def _decimals(values: np.ndarray) -> list[str]:
    """JSON of floats, as TensorFlow Serving writes them: six digits where they are enough, else all, and a point.

    Args:
        values: of shape [n], any type of floats.
    """
    if values.dtype != np.float64:
        values = values.astype(np.float32)
    texts = np.empty(values.shape, object)
    short = _may_be_short(values)
    texts[short] = _formatted("%g", values[short])
    read = np.array([*map(float, texts[short])]).astype(values.dtype)
    short[short] = (read == values[short]) | ~np.isfinite(read)
    texts[~short] = _formatted("%.17g" if values.dtype == np.float64 else "%.9g", values[~short])
    return [text if "." in text or "e" in text else NOT_FINITE.get(text) or f"{text}.0" for text in texts]


def _may_be_short(values: np.ndarray) -> np.ndarray:
    """Where six digits may be enough: for most values of a network they are not, and one look at all is cheap."""
    with np.errstate(all="ignore"):  # 0, NaN and Infinity compare as False, and so may be short
        wide = values.astype(np.float64)
        scale = 10.0 ** (5 - np.floor(np.log10(np.abs(wide))))
        off = np.abs(np.rint(wide * scale) / scale - wide)
        return ~(off > 4 * np.abs(np.spacing(values)))


def _formatted(form: str, values: np.ndarray) -> list[str]:
    return (f"{form} " * values.size % tuple(values.tolist())).split()


def _object(members: Mapping[str, str], indent: int) -> str:
    """JSON of an object whose values are JSON already."""
    margin = " " * indent
    inner = ",\n".join(f"{margin}    {_quoted(name)}: {text}" for name, text in members.items())
    return f"{{\n{inner}\n{margin}}}"


def _base64(content: bytes) -> str:
    return f'{{"{BASE64}": "{binascii.b2a_base64(content, newline=False).decode()}"}}'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
