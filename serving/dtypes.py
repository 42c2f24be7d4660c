"""Types of tensors: TensorFlow's numbers of them, its names and NumPy's types."""

from __future__ import annotations

import numpy as np

from tfx_ocr.serving import messages

# Numbers of `tensorflow.DataType`.
DT_FLOAT, DT_DOUBLE, DT_INT32, DT_UINT8, DT_INT16, DT_INT8, DT_STRING, DT_COMPLEX64, DT_INT64, DT_BOOL = range(1, 11)
DT_BFLOAT16, DT_UINT16, DT_COMPLEX128, DT_HALF, DT_UINT32, DT_UINT64 = 14, 17, 18, 19, 22, 23

# Names in messages, without `DT_`, that differ from those in Python by more than their case.
RENAMED = {"FLOAT": "float32", "DOUBLE": "float64", "HALF": "float16"}


def parse_name(enum_name: str) -> str:
    """Return how TensorFlow calls a type in Python: `float32` for `DT_FLOAT`, `string` for `DT_STRING`."""
    name = enum_name.removeprefix("DT_")
    return RENAMED.get(name) or name.lower()


def get_name(number: int) -> str:
    """Return the same by the type's number.

    Raises:
        ValueError: unknown number.
    """
    return parse_name(messages.DataType.Name(number))


def get_number(name: str) -> int:
    """Return a type's number by its name in Python, such as `float32`.

    Raises:
        ValueError: unknown name.
    """
    known = {python: enum for enum, python in RENAMED.items()}
    number: int = messages.DataType.Value(f"DT_{known.get(name) or name.upper()}")
    return number


def to_numpy(number: int) -> np.dtype:
    """Return NumPy's type; texts are objects.

    Raises:
        ValueError: NumPy lacks it; for `bfloat16` the package ml_dtypes is needed.
    """
    if number == DT_STRING:
        return np.dtype(object)
    name = get_name(number)
    try:
        if number == DT_BFLOAT16:
            import ml_dtypes  # adds the type to NumPy

            return np.dtype(ml_dtypes.bfloat16)
        return np.dtype(name)
    except (ImportError, TypeError):
        raise ValueError(f"tensors of type {name} are not supported") from None
