"""A TFLite network's constants stored as int8, where that is exact, and made float32 again when it is loaded."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

STEPS = 127
LEAST = 1024  # elements: for fewer, the operation that makes them float32 takes what is saved
EXACT = 1e-4  # of a step: more than the converter's products with the scales of a norm are off by
VERSION = 5  # of DEQUANTIZE: the first with a scale for each channel
ALIGNED = 16  # bytes: so the schema aligns a buffer


def quantize_constants(network: bytes) -> bytes:
    """Store a network's large float32 constants as int8 with a scale for each channel, where that changes nothing.

    It changes nothing where each channel is a whole number of steps, 127 at most: so are weights that `round_weights`
    rounded to int8, whatever scale of a norm the converter has multiplied a channel with. LiteRT computes float32
    values of them once, when it is loaded, and then with these.

    Args:
        network: a TFLite model.

    Returns:
        One of the same signatures and values.
    """
    model = schema.ModelT.InitFromPackedBuf(network, 0)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = VERSION
    buffers: dict[tuple[int, tuple[int, ...]], int] = {}  # of steps, by the buffer of floats and its shape
    for graph in model.subgraphs:
        operators = []
        for place, tensor in enumerate(list(graph.tensors)):
            values = _read_constant(model, tensor)
            found = None if values is None else find_steps(values)
            if found is None:
                continue
            steps, scales, axis = found
            key = (tensor.buffer, steps.shape)
            if key not in buffers:
                buffers[key] = len(model.buffers)
                buffer = schema.BufferT()
                buffer.data = np.frombuffer(steps.tobytes(), np.uint8)
                model.buffers.append(buffer)
            operators.append(_build_operator(len(model.operatorCodes), len(graph.tensors), place))
            graph.tensors.append(_build_tensor(tensor, buffers[key], scales, axis))
            tensor.buffer = 0  # the schema's empty one: it is computed
        graph.operators[:0] = operators
        ends = {*graph.inputs, *graph.outputs}
        for place, tensor in enumerate(graph.tensors):
            if place not in ends:
                tensor.name = None  # no program reads it
    if not buffers:
        return network
    model.operatorCodes.append(code)
    _drop_unused(model)
    builder = _Builder(len(network))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def find_steps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Find the steps that an array is a whole number of, in each channel.

    Args:
        values: [...] float32.

    Returns:
        The steps, [...] int8, their scales, [channels] float32, and which dimension the channels are; None where they
        are of no dimension, or the array is small.
    """
    if values.ndim < 2 or values.size < LEAST:
        return None
    for axis in range(values.ndim):
        others = tuple(each for each in range(values.ndim) if each != axis)
        scales = np.abs(values).max(others, keepdims=True) / np.float32(STEPS)
        scales = np.where(scales > 0, scales, np.float32(1))
        steps = values / scales
        whole = np.rint(steps)
        if np.abs(steps - whole).max() <= EXACT:
            return whole.astype(np.int8), scales.ravel(), axis
    return None


def _read_constant(model: Any, tensor: Any) -> np.ndarray | None:
    data = model.buffers[tensor.buffer].data
    if tensor.type != schema.TensorType.FLOAT32 or data is None or not len(data):
        return None
    return np.frombuffer(np.asarray(data, np.uint8).tobytes(), "<f4").reshape(tensor.shape)


def _build_tensor(tensor: Any, buffer: int, scales: np.ndarray, axis: int) -> Any:
    stored = schema.TensorT()
    stored.shape, stored.hasRank = tensor.shape, tensor.hasRank
    stored.type, stored.buffer = schema.TensorType.INT8, buffer
    stored.quantization = schema.QuantizationParametersT()
    stored.quantization.scale = scales
    stored.quantization.zeroPoint = np.zeros(len(scales), np.int64)
    stored.quantization.quantizedDimension = axis
    return stored


def _drop_unused(model: Any) -> None:
    """Drop buffers that nothing refers to; the first, which is empty by the schema, stays."""
    holders = [tensor for graph in model.subgraphs for tensor in graph.tensors] + list(model.metadata or [])
    kept = sorted({0, *(holder.buffer for holder in holders)})
    places = {number: place for place, number in enumerate(kept)}
    model.buffers = [model.buffers[number] for number in kept]
    for holder in holders:
        holder.buffer = places[holder.buffer]


def _build_operator(code: int, taken: int, given: int) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex = code
    operator.inputs, operator.outputs = np.array([taken], np.int32), np.array([given], np.int32)
    return operator


class _Builder(flatbuffers.Builder):
    """Aligns vectors of bytes as the schema demands, which Python's generated code does not know of; writes none twice.

    The methods are named as flatbuffers names them.
    """

    def __init__(self, size: int):
        super().__init__(size)
        self._written: dict[tuple[str, bytes], Any] = {}

    def StartVector(self, size: int, count: int, alignment: int) -> Any:  # noqa: N802
        return super().StartVector(size, count, ALIGNED if size == 1 else alignment)

    def CreateNumpyVector(self, x: np.ndarray) -> Any:  # noqa: N802
        key = (x.dtype.str, x.tobytes())
        if key not in self._written:
            self._written[key] = super().CreateNumpyVector(x)
        return self._written[key]
