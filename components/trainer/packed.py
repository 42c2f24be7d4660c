"""Weights as a SavedModel stores them: a variable each, or packed in 8 bits and unpacked once, where it is loaded."""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfx_ocr.components.trainer.rounding import quantize

WIDTH = 16  # floats of a row: 64 bytes, so that a weight that begins with a row is used where it lies
# Names in an export's variables, by the attributes of `export.Served` and of `Packed`.
STEPS, FLOATS, SHAPES = (f"_stored/{name}/.ATTRIBUTES/VARIABLE_VALUE" for name in ("_steps", "_floats", "_shapes"))


class Packed(tf.Module):
    """Weights of which those with two dimensions or more are stored as int8, all others as float32.

    Three variables hold them: the steps of all kernels, compressed; the scales of these, and then the small weights,
    as one vector; and all shapes, as JSON. What `read` gives is a resource that the loader makes and fills.
    """

    def __init__(self, weights: Sequence[np.ndarray]):
        """Pack.

        Raises:
            ValueError: a weight is not of floats.
        """
        super().__init__()
        if any(weight.dtype.kind != "f" for weight in weights):
            raise ValueError("serving.weights is 'int8', and not all weights are floats: leave it 'float32'")
        kernels = [quantize(weight) for weight in weights if weight.ndim > 1]
        steps = b"".join(each.tobytes() for each, _ in kernels)
        floats = [scales for _, scales in kernels] + [weight for weight in weights if weight.ndim < 2]
        vector = np.concatenate([np.ravel(each).astype(np.float32) for each in floats])
        self._of = tuple(weight.shape for weight in weights)
        self._steps = tf.Variable(_compress(steps), trainable=False)
        self._floats = tf.Variable(vector, trainable=False)
        self._shapes = tf.Variable(json.dumps(self._of), trainable=False)
        name = hashlib.sha256(steps + vector.tobytes()).hexdigest()
        self._unpacked = _Unpacked(f"weights_{name}", sum(map(_count_rows, self._of)), self._unpack)

    def read(self) -> list[tf.Tensor]:
        """Return all weights, float32, in a graph that serves."""
        rows = tf.split(self._unpacked.read(), [_count_rows(shape) for shape in self._of])
        found = []
        for each, shape in zip(rows, self._of, strict=True):
            size = math.prod(shape)
            flat = each if size % WIDTH == 0 else tf.reshape(each, [-1])[:size]
            found.append(tf.reshape(flat, shape))
        return found

    def _unpack(self) -> tf.Tensor:
        """Return all weights as rows, [rows, WIDTH] float32, each filled up with zeros."""
        kernels = [shape for shape in self._of if len(shape) > 1]
        small = [shape for shape in self._of if len(shape) < 2]
        scales = [_count_channels(shape) for shape in kernels]
        floats = iter(tf.split(self._floats, scales + [math.prod(shape) for shape in small]))
        steps = tf.io.decode_raw(tf.io.decode_compressed(self._steps, "ZLIB"), tf.int8)
        each = tf.split(steps, [math.prod(shape) for shape in kernels])
        scaled = iter(
            [
                tf.reshape(tf.reshape(tf.cast(part, tf.float32), [-1, count]) * next(floats), [-1])
                for part, count in zip(each, scales, strict=True)
            ]
        )
        rows = []
        for shape in self._of:
            flat = next(scaled) if len(shape) > 1 else next(floats)
            missing = -math.prod(shape) % WIDTH
            rows.append(tf.pad(flat, [[0, missing]]) if missing else flat)
        return tf.reshape(tf.concat(rows, 0), [-1, WIDTH])


def unpack(variables: Mapping[str, Any]) -> list[np.ndarray]:
    """Unpack the weights of an export's variables.

    Args:
        variables: what its `STEPS`, `FLOATS` and `SHAPES` hold.

    Raises:
        ValueError: they do not fit each other.
    """
    try:
        steps = np.frombuffer(zlib.decompress(variables[STEPS]), np.int8)
    except zlib.error as error:
        raise ValueError(f"its weights are damaged: {error}") from None
    shapes = [tuple(shape) for shape in json.loads(variables[SHAPES])]
    floats = variables[FLOATS]
    found, at = [], sum(_count_channels(shape) for shape in shapes if len(shape) > 1)
    scale = step = 0
    for shape in shapes:
        size = math.prod(shape)
        if len(shape) > 1:
            count = _count_channels(shape)
            part = steps[step : step + size].reshape(-1, count) * floats[scale : scale + count]
            scale, step = scale + count, step + size
        else:
            part, at = floats[at : at + size], at + size
        found.append(part.reshape(shape))
    return found


class _Unpacked(tf.saved_model.experimental.TrackableResource):
    """A float32 variable that no checkpoint holds: it is computed where the SavedModel is loaded."""

    def __init__(self, name: str, rows: int, compute: Any):
        super().__init__()
        self._name, self._rows, self._compute = name, rows, compute

    def read(self) -> tf.Tensor:
        """Return its value, [rows, WIDTH] float32."""
        value = tf.raw_ops.ReadVariableOp(resource=self.resource_handle, dtype=tf.float32)
        value.set_shape([self._rows, WIDTH])
        return value

    def _create_resource(self) -> tf.Tensor:
        """Create it, with a name of its own: models of other weights that a process loads have others."""
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[self._rows, WIDTH], shared_name=self._name)

    def _initialize(self) -> None:
        tf.raw_ops.AssignVariableOp(resource=self.resource_handle, value=self._compute())


def _compress(steps: bytes) -> bytes:
    """Compress by frequencies alone: steps that repeat are chance."""
    compressor = zlib.compressobj(9, memLevel=9, strategy=zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(steps) + compressor.flush()


def _count_rows(shape: Sequence[int]) -> int:
    return -(-math.prod(shape) // WIDTH)


def _count_channels(shape: Sequence[int]) -> int:
    return shape[-1] if shape[-1] > 1 else shape[-2]
