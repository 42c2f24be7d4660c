"""What a signature of a served model takes and gives, as the export itself and its servers say it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Signature:
    """One way to ask.

    Attributes:
        inputs: name to dtype, as TensorFlow calls it in Python (`float32`, `string`), and shape (None: any).
        outputs: likewise.
    """

    inputs: Mapping[str, tuple[str, tuple[int | None, ...] | None]]
    outputs: Mapping[str, tuple[str, tuple[int | None, ...] | None]]
