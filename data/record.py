"""What a reader yields: a record, or one set aside with its source and reason."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping

from tfx_ocr.data import features

Value = bytes | int | float | list[bytes] | list[int] | list[float]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One labelled picture.

    Attributes:
        features: what becomes the tf.Example, named as in `data.features` (SOURCE and GROUP come in when written).
        source: where it came from, below the data's root, such as `train/7/12.png` or `train-images.gz#12`.
        file: the file it was read from, below the data's root; a split by file keeps it whole.
        group: what a split must not cut (writer, font, form, supplier); "" where unknown.
        split: `train`, `eval` or `test` where the data says so itself, else "".
        left_out: texts of the source that are not in the features, counted by reason.
        changed: what the reader changed in the picture, as a clause; "" for nothing.
    """

    features: Mapping[str, Value]
    source: str
    file: str = ""
    group: str = ""
    split: str = ""
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)
    changed: str = ""

    def get_bytes(self, name: str) -> bytes:
        """Return the feature `name`, which holds bytes: a picture, or text as UTF-8.

        Raises:
            TypeError: it holds something else.
        """
        value = self.features[name]
        if not isinstance(value, bytes):
            raise TypeError(f"feature {name!r} of {self.source} holds {type(value).__name__}, not bytes")
        return value

    @property
    def digest(self) -> str:
        """SHA-256 in hex of its picture, or of its features without one: the same under any label, name or group."""
        image = self.get_bytes_or_empty(features.IMAGE)
        return hashlib.sha256(image or repr(sorted(self.features.items())).encode()).hexdigest()

    def get_bytes_or_empty(self, name: str) -> bytes:
        """Return the feature `name`; b"" where the record lacks it, or it holds something else."""
        value = self.features.get(name)
        return value if isinstance(value, bytes) else b""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One record set aside: never lost, never in a split.

    Attributes:
        source: where it lies, below the data's root.
        reason: one clause a person can act on, such as `not an image: cannot identify image file`.
    """

    source: str
    reason: str
