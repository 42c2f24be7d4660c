"""Handwriting of data, to be set on drawn pages or put together anew."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfx_ocr.data import features, images
from tfx_ocr.data.readers import read_data
from tfx_ocr.data.record import Record
from tfx_ocr.data.synthetic import paper

MOST_PICTURES = 3000  # that are held


class Written(NamedTuple):
    """A picture of handwriting: its text, its writer, "" where unknown, and its ink, light on black, cut to it."""

    text: str
    writer: str
    ink: np.ndarray


def read_writing(folder: Path, readers: Sequence[str]) -> Iterator[Written]:
    """Yield pictures of handwriting, `MOST_PICTURES` at most, of train where the data says.

    Raises:
        ValueError: none of the readers knows the data.
    """
    records = (record for record in read_data(folder, readers) if isinstance(record, Record))
    wanted = (record for record in records if record.split in ("", "train"))
    for record in itertools.islice(wanted, MOST_PICTURES):
        ink = _lift_ink(read_grey(record.get_bytes(features.IMAGE)))
        yield Written(record.get_bytes(features.LABEL).decode(), record.group, ink)


def read_grey(picture: bytes) -> paper.Grey:
    """Return an encoded picture's grey levels."""
    return np.asarray(images.open_picture(picture).convert("L"))


def _lift_ink(grey: paper.Grey) -> np.ndarray:
    """Return the ink of a picture, 0 for paper, cut to it."""
    light = grey if np.median(grey) < 128 else 255 - grey
    ink = np.clip(
        (light.astype(np.float32) - np.median(light)) / max(1.0, np.quantile(light, 0.998) - np.median(light)), 0, 1
    )
    rows, columns = (np.flatnonzero((ink > 0.4).sum(axis) > 0) for axis in (1, 0))
    if len(rows):
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.where(ink > 0.12, 255 * ink, 0).astype(np.uint8)
