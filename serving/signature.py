"""What a signature of a served model takes and gives, as the export itself and its servers say it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

PREDICT = "tensorflow/serving/predict"  # method of the signatures that Predict asks

Tensors = Mapping[str, tuple[str, tuple[int | None, ...] | None]]


@dataclasses.dataclass(frozen=True)
class Signature:
    """One way to ask.

    Attributes:
        inputs: name to dtype, as TensorFlow calls it in Python (`float32`, `string`), and shape (None: any).
        outputs: likewise.
    """

    inputs: Tensors
    outputs: Tensors

    def build_definition(self, name: str) -> Any:
        """Build the SignatureDef that stands for it under `name`."""
        from tfx_ocr.serving import dtypes, messages  # protobuf and NumPy, which an error's sentence can do without

        definition = messages.SignatureDef(method_name=PREDICT)
        for tensors, given in ((definition.inputs, self.inputs), (definition.outputs, self.outputs)):
            for alias, (dtype, shape) in given.items():
                info = tensors[alias]
                info.name = f"{name}/{alias}"
                info.dtype = dtypes.get_number(dtype)
                info.tensor_shape.unknown_rank = shape is None
                for size in shape or ():
                    info.tensor_shape.dim.add(size=-1 if size is None else size)
        return definition

    @classmethod
    def read(cls, definition: Any) -> Signature:
        """Read a SignatureDef."""
        return cls(inputs=_tensors(definition.inputs), outputs=_tensors(definition.outputs))


def read_signatures(definitions: Mapping[str, Any]) -> dict[str, Signature]:
    """Read those SignatureDefs that Predict asks."""
    return {name: Signature.read(each) for name, each in definitions.items() if each.method_name == PREDICT}


def _tensors(tensors: Mapping[str, Any]) -> Tensors:
    from tfx_ocr.serving import dtypes

    return {
        name: (
            dtypes.get_name(info.dtype),
            None
            if info.tensor_shape.unknown_rank
            else tuple(None if size.size < 0 else size.size for size in info.tensor_shape.dim),
        )
        for name, info in tensors.items()
    }
