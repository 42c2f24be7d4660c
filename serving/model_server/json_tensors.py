"""JSON of TensorFlow Serving's REST API to tensors and tf.Examples, with its error messages.

The rules are those of TensorFlow Serving's json_tensor.cc. Regular arrays go through numpy; only what is refused is
walked value by value, in the document's order, to say what is wrong with the first value that is.
"""

from __future__ import annotations

import binascii
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np

from tfx_ocr.serving import messages, tensors
from tfx_ocr.serving.dtypes import (
    DT_BFLOAT16,
    DT_BOOL,
    DT_DOUBLE,
    DT_FLOAT,
    DT_HALF,
    DT_INT8,
    DT_INT16,
    DT_INT32,
    DT_INT64,
    DT_STRING,
    DT_UINT8,
    DT_UINT16,
    DT_UINT32,
    DT_UINT64,
    to_numpy,
)
from tfx_ocr.serving.model_server.errors import InvalidArgumentError, ServingError

SIGNATURE = "signature_name"
INSTANCES = "instances"  # tensors row by row
INPUTS = "inputs"  # tensors column by column
EXAMPLES = "examples"
CONTEXT = "context"
BASE64 = "b64"

SHOWN = 512  # characters of a value in an error message: bodies are large

INTEGERS = {
    DT_INT8,
    DT_INT16,
    DT_INT32,
    DT_INT64,
    DT_UINT8,
    DT_UINT16,
    DT_UINT32,
    DT_UINT64,
}
# Bits of the mantissa, the hidden one included, and the largest number.
FLOATS = {
    DT_HALF: (11, 65504.0),
    DT_BFLOAT16: (8, 3.3895313892515355e38),
    DT_FLOAT: (24, 3.4028234663852886e38),
    DT_DOUBLE: (53, 1.7976931348623157e308),
}
SUPPORTED = {DT_STRING, DT_BOOL, *INTEGERS, *FLOATS}

# What Python's parser says, and what RapidJSON, TensorFlow Serving's, says to the same.
PARSE_ERRORS = {
    "Expecting value": "Invalid value.",
    "Extra data": "The document root must not be followed by other values.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Expecting ',' delimiter": "Missing a comma or } after an object member, or ] after an array element.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid control character at": "Invalid encoding in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
    "Illegal trailing comma before end of array": "Invalid value.",
    "Illegal trailing comma before end of object": "Missing a name for object member.",
}
TOO_BIG = "Number too big to be stored in double."
MAYBE_TOO_BIG = re.compile(rb"[eE]\+?\d{3}")  # exponents that Python reads as Infinity
MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read(body: bytes) -> dict[str, Any]:
    """Read a request's body.

    Raises:
        ServingError: INVALID_ARGUMENT; the body is not JSON in UTF-8, or not an object.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from None
    if not text.strip():
        raise InvalidArgumentError("JSON Parse error: The document is empty")
    try:
        document = json.loads(text, parse_float=_finite if MAYBE_TOO_BIG.search(body) else None)
        if MAYBE_SURROGATE.search(body):
            json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        why = PARSE_ERRORS.get(error.msg, error.msg)
        before = text[: error.pos]
        if error.msg.startswith("Illegal trailing comma"):  # Python 3.13 points to it, RapidJSON to what follows it
            before = text[: len(text) - len(text[error.pos + 1 :].lstrip())]
        offset = len(before.encode())
        raise InvalidArgumentError(f"JSON Parse error: {why} at offset: {offset}") from None
    except UnicodeEncodeError:
        raise InvalidArgumentError("JSON Parse error: The surrogate pair in string is invalid.") from None
    except RecursionError:
        raise InvalidArgumentError("JSON Parse error: nested too deeply") from None
    except ValueError:  # `_finite`, and Python's limit on the digits of a whole number
        raise InvalidArgumentError(f"JSON Parse error: {TOO_BIG}") from None
    if not isinstance(document, dict):
        raise InvalidArgumentError(f"JSON Value: {_shown(document)} Is not object")
    return document


def read_signature_name(document: Mapping[str, Any]) -> str:
    """Return the signature that the request names; "" for the default one.

    Raises:
        ServingError: INVALID_ARGUMENT; the name is not a text.
    """
    name = document.get(SIGNATURE, "")
    if not isinstance(name, str):
        raise InvalidArgumentError(
            f"JSON Value: {_shown(document)} not formatted correctly. '{SIGNATURE}' key must be a string value."
        )
    return name


def to_tensors(document: Mapping[str, Any], dtypes: Mapping[str, int]) -> tuple[dict[str, messages.TensorProto], bool]:
    """Read the tensors of a Predict request.

    Args:
        document: from `read`.
        dtypes: names of the signature's inputs, one at least, to their `DataType`.

    Returns:
        A tensor for each input, and whether they came row by row, which the answer follows.

    Raises:
        ServingError: INVALID_ARGUMENT; they are ragged, of other types, out of range, or not the signature's.
            UNIMPLEMENTED: JSON has no form for an input's type.
    """
    if INSTANCES in document and INPUTS in document:
        raise InvalidArgumentError(
            f"JSON Value: {_shown(document)} Not formatted correctly expecting only one of '{INPUTS}' or "
            f"'{INSTANCES}' keys to exist "
        )
    if INSTANCES in document:
        rows = document[INSTANCES]
        if not isinstance(rows, list):
            raise InvalidArgumentError(f"JSON Value: {_shown(document)} Excepting '{INSTANCES}' to be an list/array")
        if not rows:
            raise InvalidArgumentError(f"JSON Value: {_shown(document)} No values in '{INSTANCES}' array")
        return _rows(rows, dtypes), True
    if INPUTS in document:
        return _columns(document[INPUTS], dtypes), False
    raise InvalidArgumentError(f"Missing '{INPUTS}' or '{INSTANCES}' key")


def to_input(document: Mapping[str, Any]) -> messages.Input:
    """Read the tf.Examples of a Classify or Regress request.

    Raises:
        ServingError: INVALID_ARGUMENT; the list is missing or empty, or a feature's values do not stand in one list.
    """
    given = messages.Input()
    if CONTEXT in document:
        given.example_list_with_context.context.CopyFrom(_example(document[CONTEXT]))
        examples = given.example_list_with_context.examples
    else:
        examples = given.example_list.examples
    if EXAMPLES not in document:
        raise InvalidArgumentError(
            f"JSON Value: {_shown(document)} When method is classify, key '{EXAMPLES}' is expected and was not found"
        )
    values = document[EXAMPLES]
    if not isinstance(values, list):
        raise InvalidArgumentError(f"JSON Value: {_shown(document)} Expecting '{EXAMPLES}' value to be an list/array")
    if not values:
        raise InvalidArgumentError(f"JSON Value: {_shown(document)} '{EXAMPLES}' value is an empty array")
    examples.extend(_example(value) for value in values)
    return given


def _rows(rows: Sequence[Any], dtypes: Mapping[str, int]) -> dict[str, messages.TensorProto]:
    if len(dtypes) > 1 and not _is_object(rows[0]):
        raise InvalidArgumentError(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    if not _is_object(rows[0]):
        columns = {next(iter(dtypes)): rows}
    elif all(_is_object(row) and row.keys() == dtypes.keys() for row in rows):
        columns = {name: [row[name] for row in rows] for name in dtypes}
    else:
        raise _row_error(rows, dtypes)
    arrays = {name: _array(column, dtypes[name]) for name, column in columns.items()}
    if any(array is None for array in arrays.values()):
        raise _row_error(rows, dtypes)
    return {name: _proto(array, dtypes[name]) for name, array in arrays.items()}


def _columns(value: Any, dtypes: Mapping[str, int]) -> dict[str, messages.TensorProto]:
    if _is_object(value):
        columns = {}
        for name in dtypes:
            if name not in value:
                raise InvalidArgumentError(f"Missing named input: {name} in '{INPUTS}' object.")
            columns[name] = value[name]
    elif len(dtypes) > 1:
        raise InvalidArgumentError(
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
            "tensorinfo_map"
        )
    else:
        columns = {next(iter(dtypes)): value}
    found = {}
    for name, column in columns.items():
        array = _array(column, dtypes[name])
        if array is None:
            _check(column, 0, _shape(column), dtypes[name])
        found[name] = _proto(array, dtypes[name])
    return found


def _array(value: Any, dtype: int) -> np.ndarray | None:
    """A value as an array of its own shape; None where it is ragged or a value of it is not of `dtype`."""
    shape = _shape(value)
    flat = [value]
    for size in shape:
        if set(map(type, flat)) != {list} or set(map(len, flat)) != {size}:
            return None
        flat = list(itertools.chain.from_iterable(flat))
    array = _flat_array(flat, dtype)
    return None if array is None else array.reshape(shape)


def _flat_array(flat: Sequence[Any], dtype: int) -> np.ndarray | None:
    kinds = set(map(type, flat))
    if dtype == DT_STRING:
        texts = [_bytes(each) for each in flat]
        return None if None in texts else np.array(texts, dtype=object)
    if dtype not in SUPPORTED:
        return None
    kind = to_numpy(dtype)
    if not flat:
        return np.zeros(0, kind)
    if dtype == DT_BOOL:
        return np.array(flat, kind) if kinds == {bool} else None
    if dtype in INTEGERS:
        limits = np.iinfo(kind)
        fits = kinds == {int} and limits.min <= min(flat) and max(flat) <= limits.max
        return np.array(flat, kind) if fits else None
    if not kinds <= {int, float}:
        return None
    try:
        values = np.array(flat, np.float64)
    except OverflowError:
        return None
    digits, _ = FLOATS[dtype]
    large = np.flatnonzero(np.isfinite(values) & (np.abs(values) > 2**digits - 1))
    return values.astype(kind) if all(_lossless(flat[i], dtype) for i in large) else None


def _shape(value: Any) -> tuple[int, ...]:
    """Sizes of the list, of its first element, of that one's first ..."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        if len(shape) > tensors.MAX_RANK:
            raise InvalidArgumentError(f"JSON Value: nested in more than {tensors.MAX_RANK} lists")
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _row_error(rows: Sequence[Any], dtypes: Mapping[str, int]) -> ServingError:
    """What is wrong with the first of the rows with which something is."""
    by_name = _is_object(rows[0])
    shapes: dict[str, tuple[int, ...]] = {}
    for number, row in enumerate(rows):
        if by_name != _is_object(row):
            wanted, got = ("object", "list") if by_name else ("value/list", "object")
            return InvalidArgumentError(f"Expecting {wanted} but got {got} at item {number} of input list")
        for name, item in row.items() if by_name else [(next(iter(dtypes)), row)]:
            try:
                _check_item(name, item, dtypes, shapes)
            except ServingError as error:
                where = f" key: {name}" if by_name else ""
                return InvalidArgumentError(
                    f"Failed to process element: {number}{where} of '{INSTANCES}' list. Error: "
                    f"{error.code.name}: {error.message}"
                )
        if by_name and row.keys() != dtypes.keys():
            return InvalidArgumentError(
                f"Failed to process element: {number} of '{INSTANCES}' list. JSON object: {_shown(row)} keys must be "
                f"equal to: {','.join(sorted(dtypes))}"
            )
    return ServingError(grpc.StatusCode.INTERNAL, f"'{INSTANCES}' cannot be read")


def _check_item(name: str, item: Any, dtypes: Mapping[str, int], shapes: dict[str, tuple[int, ...]]) -> None:
    """Refuse an input of one row, or note its shape where it is the first."""
    if name not in dtypes:
        raise InvalidArgumentError(f"JSON object: does not have named input: {name}")
    shape = _shape(item)
    _check(item, 0, shape, dtypes[name])
    first = shapes.setdefault(name, shape)
    if math.prod(first) != math.prod(shape):
        raise InvalidArgumentError(f"Expecting tensor size: {math.prod(first)} but got: {math.prod(shape)}")
    if first != shape:
        shown, got = (f"[{','.join(map(str, each))}]" for each in (first, shape))
        raise InvalidArgumentError(f"Expecting shape {shown} but got: {got}")


def _check(value: Any, level: int, shape: Sequence[int], dtype: int) -> None:
    """Refuse the first value in the document's order that does not fit."""
    if not isinstance(value, list):
        if level != len(shape):
            raise InvalidArgumentError(
                f"JSON Value: {_shown(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        _check_value(value, dtype)
        return
    if level >= len(shape):
        raise InvalidArgumentError(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise InvalidArgumentError(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for each in value:
        _check(each, level + 1, shape, dtype)


def _check_value(value: Any, dtype: int) -> None:
    if isinstance(value, dict):
        if dtype != DT_STRING:
            raise _type_error(value, dtype)
        if not _is_base64(value):
            raise InvalidArgumentError(f"JSON Value: {_shown(value)} not formatted correctly for base64 data")
        if _bytes(value) is None:
            raise InvalidArgumentError("Unable to base64 decode")
    elif dtype not in SUPPORTED:
        raise ServingError(
            grpc.StatusCode.UNIMPLEMENTED, f"Conversion of JSON Value: {_shown(value)} to type: {get_type_name(dtype)}"
        )
    elif dtype in FLOATS and type(value) in (int, float):
        if not _lossless(value, dtype):
            raise _lossy(value, dtype)
    elif _flat_array([value], dtype) is None:
        raise _type_error(value, dtype)


def _lossless(value: int | float, dtype: int) -> bool:
    """Whether a number stands in a type of floats: a whole one exactly, another within its range."""
    digits, largest = FLOATS[dtype]
    if _is_integer(value):
        return abs(value) <= 2**digits - 1
    return not math.isfinite(_double(value)) or abs(_double(value)) <= largest


def _is_integer(value: Any) -> bool:
    """Whether RapidJSON reads it as a whole number, of 64 bits; a larger one is a double there."""
    return type(value) is int and -(2**63) <= value < 2**64


def _double(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InvalidArgumentError(f"JSON Parse error: {TOO_BIG}") from None


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


def _bytes(value: Any) -> bytes | None:
    """The bytes of a text or of `{"b64": ...}`; None where it is neither."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if not _is_base64(value):
        return None
    text = value[BASE64]
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        text = "".join(text.split())  # spaces and a missing end are allowed
    try:
        return binascii.a2b_base64(text if text.endswith("=") else text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        return None


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(BASE64), str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _example(value: Any) -> messages.Example:
    if not isinstance(value, dict):
        raise InvalidArgumentError(f"Example must be JSON object but got JSON {_json_type(value)}")
    example = messages.Example()
    for name, content in value.items():
        feature = example.features.feature[name]
        for each in content if isinstance(content, list) else [content]:
            _add(each, name, feature)
    return example


def _add(value: Any, name: str, feature: messages.Feature) -> None:
    """Add a value to a feature, in the list of its kind."""
    kind: str
    content: int | float | bytes | None
    if isinstance(value, bool) or _is_integer(value):
        kind, content = "int64_list", int(value)
        if content >= 2**63:
            raise InvalidArgumentError(f"Feature: {name} has uint64 element. Only int64 is supported.")
    elif isinstance(value, int | float):
        kind, content = "float_list", _double(value)
        if not _lossless(value, DT_FLOAT):
            raise _lossy(value, DT_FLOAT)
    elif isinstance(value, str) or _is_base64(value):
        kind, content = "bytes_list", _bytes(value)
        if content is None:
            raise InvalidArgumentError("Unable to base64 decode")
    else:
        raise InvalidArgumentError(f"Feature: {name} has element with unexpected JSON type: {_json_type(value)}")
    there = feature.WhichOneof("kind")
    if there not in (None, kind):
        raise InvalidArgumentError(
            f"Unexpected element type in feature: {name} expecting type: {there.removesuffix('_list')}"
        )
    getattr(feature, kind).value.append(content)


def _proto(array: np.ndarray | None, dtype: int) -> messages.TensorProto:
    if array is None:
        raise ServingError(grpc.StatusCode.INTERNAL, f"a tensor of type {get_type_name(dtype)} cannot be read")
    return tensors.to_proto(array, as_content=True)


def _shown(value: Any) -> str:
    """A JSON value for an error message, cut where it is long."""
    text = ""
    for part in json.JSONEncoder(ensure_ascii=False, indent=4).iterencode(value):
        text += part[: SHOWN + 1]
        if len(text) > SHOWN:
            return f"{text[:SHOWN]}..."
    return text


def _json_type(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "Null" if value is None else str(value)
    names: dict[type, str] = {dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")


def get_type_name(dtype: int) -> str:
    """Return TensorFlow's name of a `DataType`."""
    return messages.DataType.Name(dtype).removeprefix("DT_").lower()


def _type_error(value: Any, dtype: int) -> ServingError:
    return InvalidArgumentError(
        f"JSON Value: {_shown(value)} Type: {_json_type(value)} is not of expected type: {get_type_name(dtype)}"
    )


def _lossy(value: int | float, dtype: int) -> ServingError:
    return InvalidArgumentError(
        f"Cannot convert JSON value: {_shown(value)} to {get_type_name(dtype)} without loss of precision."
    )
