"""What a signature of a served model takes and gives, as the export itself and its servers say it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

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

    @classmethod
    def read(cls, definition: Any) -> Signature:
        """Read a SignatureDef. Imports TensorFlow."""
        return cls(inputs=_tensors(definition.inputs), outputs=_tensors(definition.outputs))


def _tensors(tensors: Mapping[str, Any]) -> Tensors:
    import tensorflow as tf

    return {
        name: (
            tf.dtypes.as_dtype(info.dtype).name,
            None
            if info.tensor_shape.unknown_rank
            else tuple(None if size.size < 0 else size.size for size in info.tensor_shape.dim),
        )
        for name, info in tensors.items()
    }
