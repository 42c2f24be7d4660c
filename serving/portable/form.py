"""What a portable form says of itself, in `portable.json`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = "assets.extra/portable"  # in an export, where TensorFlow Serving does not look
NETWORK = "network.tflite"
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
        signature: name of the input's own signature.
    """

    input: str
    task: str
    spec: Mapping[str, Any]
    labels: tuple[str, ...]
    top_n: int
    signature: str

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
