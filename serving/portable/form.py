"""What a portable form says of itself, in `portable.json`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfx_ocr.serving.signature import Signature, Tensors

FORM = "portable.json"
REASON = "reason.txt"  # alone in the folder where the network cannot be converted

Outputs = dict[str, np.ndarray]
Parsed = Mapping[str, np.ndarray]  # a request's own arrays, with what is counted of them


@dataclasses.dataclass(frozen=True, kw_only=True)
class Portable:
    """All that answering needs besides the network.

    Attributes:
        input: name in `inputs.INPUTS`.
        task: name in `answers.ANSWERS`.
        spec: of the input, such as `height` and `width` of an image in pixels.
        labels: what the numbers of the network's outputs stand for: classes, characters or entities, in their order.
        top_n: best classes in an answer.
        signatures: name to `inputs` and `outputs`, each name to dtype and shape, as `serving.signature` has them.
    """

    input: str
    task: str
    spec: Mapping[str, Any]
    labels: tuple[str, ...]
    top_n: int
    signatures: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    def read_signatures(self) -> dict[str, Signature]:
        """Return the export's signatures by name."""
        return {
            name: Signature(inputs=_read_tensors(sides["inputs"]), outputs=_read_tensors(sides["outputs"]))
            for name, sides in self.signatures.items()
        }

    def to_json(self) -> str:
        """Return the file's text: sorted keys, equal text for equal values."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True, indent=1)


def read_form(folder: Path) -> Portable:
    """Read `portable.json`.

    Raises:
        ValueError: it is missing or damaged.
    """
    path = folder / FORM
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Portable(**{**values, "labels": tuple(values["labels"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} cannot be read: {error}; push or export the model again") from None


def _read_tensors(tensors: Mapping[str, Any]) -> Tensors:
    return {name: (dtype, None if shape is None else tuple(shape)) for name, (dtype, shape) in tensors.items()}
