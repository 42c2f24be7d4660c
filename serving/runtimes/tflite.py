"""A version's `model.tflite`, run by interpreters in place of a session (`--prefer_tflite_model`)."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import flexbuffers

from tfx_ocr.data import features
from tfx_ocr.serving import messages
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.runtimes import TFLITE
from tfx_ocr.serving.runtimes.runtime import Options, Runtime
from tfx_ocr.serving.signature import Signature, Tensors

METADATA = (
    b"signature_defs_metadata"  # where TensorFlow Serving looks for a signature: a FlexBuffer map of SignatureDefs
)

Run = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


class TFLiteModel(Runtime):
    """A TFLite model with the signatures of a SavedModel: see `Runtime`.

    The signatures are those in the model itself; else the one in its metadata, or, as TensorFlow Serving
    has it, `serving_default` with the names of the model's tensors.
    """

    def __init__(self, path: Path, name: str, version: str, options: Options):
        """Load.

        Args:
            path: of the folder.
            name: of the model.
            version: of the model.
            options: `interpreters` run at once, more wait; each has `intra_op_threads`.

        Raises:
            ValueError: it is not a TFLite model, or needs operations that the interpreter lacks.
        """
        content = (path / TFLITE).read_bytes()
        threads = options.intra_op_threads or None
        try:
            made = [Interpreter(model_content=content, num_threads=threads) for _ in range(options.interpreters)]
            for each in made:
                each.allocate_tensors()
            aliases = _metadata_aliases(content)
            signatures = _signatures(made[0], aliases)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{path / TFLITE} holds no model that can be served: {error}") from error
        super().__init__(path, name, version, signatures)
        self._free: queue.LifoQueue[dict[str, Run]] = queue.LifoQueue()
        for each in made:
            self._free.put({signature: _runner(each, signature, aliases) for signature in signatures})

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], timeout_s: float | None
    ) -> list[np.ndarray]:
        """See `Runtime`. `timeout_s` is for the wait for an interpreter: a run itself cannot be given up."""
        try:
            runners = self._free.get(timeout=timeout_s)
        except queue.Empty:
            raise RequestError(str(self.path), "DEADLINE_EXCEEDED", "Timed out waiting for an interpreter") from None
        try:
            found = runners[signature](inputs)
        finally:
            self._free.put(runners)
        return [found[alias] for alias in outputs]

    def close(self) -> None:
        """See `Runtime`."""
        while not self._free.empty():
            self._free.get_nowait()


def _signatures(interpreter: Interpreter, aliases: Mapping[str, str]) -> dict[str, Signature]:
    found = {}
    for key in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(key)
        found[key] = Signature(_tensors(runner.get_input_details()), _tensors(runner.get_output_details()))
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    whole = Signature(_tensors(_by_alias(inputs, aliases)), _tensors(_by_alias(outputs, aliases)))
    return found or {features.SERVING_DEFAULT: whole}


def _tensors(details: Mapping[str, Any]) -> Tensors:
    found = {}
    for alias, detail in details.items():
        dtype = np.dtype(detail["dtype"])
        shape = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
        sizes = tuple(None if size < 0 else size for size in shape.tolist())
        found[alias] = ("string" if dtype.kind in "OSU" else dtype.name, sizes)
    return found


def _metadata_aliases(content: bytes) -> dict[str, str]:
    """Read the signature in the metadata: a tensor's name in the model to its name there; empty without one."""
    model = schema.Model.GetRootAs(content, 0)
    for number in range(model.MetadataLength()):
        metadata = model.Metadata(number)
        if metadata.Name() != METADATA:
            continue
        signatures = flexbuffers.GetRoot(model.Buffers(metadata.Buffer()).DataAsNumpy().tobytes()).AsMap
        if len(signatures) != 1:
            raise ValueError(f"its metadata has {len(signatures)} signatures, and one is taken")
        signature = messages.SignatureDef.FromString(signatures.Values[0].AsStringBytes)
        return {
            info.name.partition(":")[0]: alias
            for tensors in (signature.inputs, signature.outputs)
            for alias, info in tensors.items()
        }
    return {}


def _runner(interpreter: Interpreter, name: str, aliases: Mapping[str, str]) -> Run:
    if interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        return lambda feeds: runner(**feeds)
    inputs = _by_alias(interpreter.get_input_details(), aliases)
    outputs = _by_alias(interpreter.get_output_details(), aliases)

    def run(feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        for alias, value in feeds.items():
            interpreter.resize_tensor_input(inputs[alias]["index"], value.shape)
        interpreter.allocate_tensors()  # nothing to do where the shapes are those of the last run
        for alias, value in feeds.items():
            interpreter.set_tensor(inputs[alias]["index"], value)
        interpreter.invoke()
        return {alias: interpreter.get_tensor(detail["index"]) for alias, detail in outputs.items()}

    return run


def _by_alias(details: Sequence[Mapping[str, Any]], aliases: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    return {aliases.get(each["name"], each["name"]): each for each in details}
