"""What comes in: a module a kind of input, by the `kind` of the recipe's `input`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from tfx_ocr.data.registry import load_named

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

INPUTS = {
    "image": "tfx_ocr.components.inputs.image",
    "line_image": "tfx_ocr.components.inputs.line_image",
    "page_image": "tfx_ocr.components.inputs.page_image",
    "words": "tfx_ocr.components.inputs.words",
}

Labels = TypeVar("Labels")


class Input(Protocol):
    """Module of a kind of input; `spec` is the recipe's `input`, whose `SIGNATURE` names the request.

    Attributes:
        RAW: how the record features that it takes are parsed, by `serving_default` too.
        REQUEST: inputs of its own signature.
        WRITTEN: how to parse what `transform` wrote.
    """

    RAW: dict[str, Any]
    REQUEST: dict[str, tf.TensorSpec]
    WRITTEN: dict[str, Any]

    def to_raw(self, request: dict[str, tf.Tensor], /) -> dict[str, tf.Tensor]:
        """Return the inputs of its own signature as record features, as `RAW` parses them."""

    def transform(self, raw: dict[str, tf.Tensor], spec: Any, /) -> dict[str, tf.Tensor]:
        """Return what Transform writes from record features."""

    def read_batch(self, written: dict[str, tf.Tensor], spec: Any, /) -> Any:
        """Return what `transform` wrote, parsed, as a batch of small numbers."""

    def augment(self, batch: Any, labels: Labels, seed: tf.Tensor, changes: Any, spec: Any, /) -> tuple[Any, Labels]:
        """Return a batch changed at random, by the recipe's `trainer.augment`, and labels that fit it."""

    def scale(self, batch: Any, spec: Any, /) -> Any:
        """Return what the network takes from a batch."""

    def build_request(self, records: Sequence[tf.train.Example], /) -> Mapping[str, np.ndarray]:
        """Return records as inputs of its own signature, as a client would send them."""


def get_input(kind: str) -> Input:
    """Import and return the module of a kind of input.

    Raises:
        ValueError: unknown kind; the known ones are named.
    """
    return cast(Input, load_named(INPUTS, kind, "input"))
