"""TensorProtos to arrays and back, with the fields that TensorFlow Serving fills."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from tfx_ocr.serving import dtypes, messages

MAX_BYTES = 2**31 - 1  # of one tensor: what one gRPC message may hold
MAX_FILLED = 2**25  # bytes that a tensor may have beyond what was sent: a short request must not take the memory of all
MAX_RANK = 32  # of an array in numpy 1
TEXT = 32  # bytes that a text takes beside its own: its place in an array, and TensorFlow's string

# Field of a dtype's values, and the dtype they are read as.
_VALUES = {
    dtypes.DT_FLOAT: ("float_val", np.float32),
    dtypes.DT_DOUBLE: ("double_val", np.float64),
    dtypes.DT_INT8: ("int_val", np.int32),
    dtypes.DT_INT16: ("int_val", np.int32),
    dtypes.DT_INT32: ("int_val", np.int32),
    dtypes.DT_UINT8: ("int_val", np.int32),
    dtypes.DT_UINT16: ("int_val", np.int32),
    dtypes.DT_INT64: ("int64_val", np.int64),
    dtypes.DT_UINT32: ("uint32_val", np.uint32),
    dtypes.DT_UINT64: ("uint64_val", np.uint64),
    dtypes.DT_BOOL: ("bool_val", np.bool_),
    dtypes.DT_HALF: ("half_val", np.uint16),
    dtypes.DT_BFLOAT16: ("half_val", np.uint16),
    dtypes.DT_COMPLEX64: ("scomplex_val", np.float32),
    dtypes.DT_COMPLEX128: ("dcomplex_val", np.float64),
}

_NUMBERS = {
    np.dtype(each): number
    for each, number in (
        (np.float32, dtypes.DT_FLOAT), (np.float64, dtypes.DT_DOUBLE), (np.float16, dtypes.DT_HALF),
        (np.int8, dtypes.DT_INT8), (np.int16, dtypes.DT_INT16), (np.int32, dtypes.DT_INT32),
        (np.int64, dtypes.DT_INT64), (np.uint8, dtypes.DT_UINT8), (np.uint16, dtypes.DT_UINT16),
        (np.uint32, dtypes.DT_UINT32), (np.uint64, dtypes.DT_UINT64), (np.bool_, dtypes.DT_BOOL),
        (np.complex64, dtypes.DT_COMPLEX64), (np.complex128, dtypes.DT_COMPLEX128),
    )
}  # fmt: skip


def to_array(proto: messages.TensorProto, name: str) -> np.ndarray:
    """Read a tensor; texts become bytes in an array of objects.

    Fewer values than the shape holds: the last stands for all that follow, as TensorFlow reads it.

    Args:
        proto: with `tensor_content` or typed fields.
        name: of the input, for the error.

    Raises:
        ValueError: it is not a tensor: the type is unknown, or the values are too many or far too few for the shape.
    """
    shape = [each.size for each in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise _wrong(name, "its shape is not known")
    if len(shape) > MAX_RANK:
        raise _wrong(name, f"{len(shape)} dimensions, where {MAX_RANK} are the most taken")
    count = math.prod(shape)
    is_text = proto.dtype == dtypes.DT_STRING
    if not is_text and proto.dtype not in _VALUES:
        known = proto.dtype in messages.DataType.values()
        kind = messages.DataType.Name(proto.dtype) if known else proto.dtype
        raise _wrong(name, f"tensors of type {kind} are not taken")
    dtype = dtypes.to_numpy(proto.dtype)
    if count * dtype.itemsize > MAX_BYTES:
        raise _wrong(name, f"shape {shape} is more than {MAX_BYTES} bytes")
    if is_text:
        return _filled(np.array(proto.string_val, dtype=object), shape, count, name)
    if proto.tensor_content:
        if len(proto.tensor_content) != count * dtype.itemsize:
            raise _wrong(name, f"tensor_content of {len(proto.tensor_content)} bytes does not fit shape {shape}")
        return np.frombuffer(proto.tensor_content, dtype=dtype).reshape(shape)
    field, read_as = _VALUES[proto.dtype]
    values = np.array(getattr(proto, field), dtype=read_as)
    if field == "half_val":
        values = values.view(dtype)
    elif field in ("scomplex_val", "dcomplex_val"):
        if values.size % 2:
            raise _wrong(name, "a complex number has two parts")
        values = values.view(dtype)
    return _filled(values.astype(dtype, copy=False), shape, count, name)


def to_proto(value: np.ndarray, as_content: bool = False) -> messages.TensorProto:
    """Write a tensor: into its type's field, as TensorFlow Serving answers, or into `tensor_content`.

    Raises:
        TypeError: a tensor cannot have this type.
    """
    is_text = value.dtype.kind in "OSU"
    number = dtypes.DT_STRING if is_text else _NUMBERS.get(value.dtype)
    if number is None:
        if value.dtype.name != "bfloat16":  # which NumPy has once another package has added it
            raise TypeError(f"a tensor of type {value.dtype} cannot be sent")
        number = dtypes.DT_BFLOAT16
    proto = messages.TensorProto(dtype=number)
    for size in value.shape:
        proto.tensor_shape.dim.add(size=size)
    if is_text:
        texts = value.ravel().tolist()
        proto.string_val.extend([text.encode() if isinstance(text, str) else text for text in texts])
        return proto
    if as_content:
        proto.tensor_content = value.tobytes()
        return proto
    field, read_as = _VALUES[number]
    flat = np.ascontiguousarray(value).ravel()
    if field in ("half_val", "scomplex_val", "dcomplex_val"):
        flat = flat.view(read_as)
    values: Iterable[object] = flat.tolist()
    getattr(proto, field).extend(values)
    return proto


def _filled(values: np.ndarray, shape: list[int], count: int, name: str) -> np.ndarray:
    if values.size > count or (not values.size and count):
        raise _wrong(name, f"{values.size} values do not fit shape {shape}")
    each = TEXT + len(values[-1]) if values.dtype.kind == "O" and values.size else values.itemsize
    if (count - values.size) * each > MAX_FILLED:
        raise _wrong(name, f"{values.size} values for shape {shape}: more than {MAX_FILLED} bytes are left out")
    if values.size < count:
        values = np.concatenate([values, np.repeat(values[-1:], count - values.size)])
    return values.reshape(shape)


def _wrong(name: str, why: str) -> ValueError:
    return ValueError(f"tensor parsing error: {name}: {why}")
