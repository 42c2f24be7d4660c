"""What a step reads of another's artifacts, on any file system that TFX knows: records of a split, text, JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils

from tfx_ocr.components.artifacts import SPLITS


def list_splits(examples: Sequence[types.Artifact]) -> list[str]:
    """Return the splits that Examples have: those of `SPLITS` in that order, then any others."""
    names = artifact_utils.decode_split_names(examples[0].split_names)
    return sorted(names, key=lambda name: SPLITS.index(name) if name in SPLITS else len(SPLITS))


def read_split(examples: Sequence[types.Artifact], split: str) -> Iterator[bytes]:
    """Yield the serialized tf.Examples of a split, in the order of its files."""
    uris = artifact_utils.get_split_uris(list(examples), split)
    files = [path for uri in uris for path in sorted(fileio.glob(os.path.join(uri, "*")))]
    yield from tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator()


def read_text(folder: str, name: str) -> str:
    """Return the text of a file that a step may have left; "" where the file is missing."""
    path = os.path.join(folder, name)
    return io_utils.read_string_file(path) if fileio.exists(path) else ""


def read_json(folder: str, name: str) -> dict[str, Any] | None:
    """Return the JSON object that a step may have left; None where the file is missing."""
    text = read_text(folder, name)
    return json.loads(text) if text else None


def read_lines(folder: str, pattern: str) -> list[Any] | None:
    """Return the JSON values, one per line, of all files that match `pattern`; None where no file does."""
    paths = sorted(fileio.glob(os.path.join(folder, pattern)))
    if not paths:
        return None
    values: list[Any] = []
    for path in paths:
        with fileio.open(path) as file:
            values += map(json.loads, file)
    return values
