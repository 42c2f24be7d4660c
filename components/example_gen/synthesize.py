"""Lines drawn from fonts that are added to train, of the texts that train has: `examples.synthetic`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam

from tfx_ocr.data import features
from tfx_ocr.data.record_file import serialize
from tfx_ocr.data.registry import load_named
from tfx_ocr.data.synthetic import OF_DATA

A_PIECE = 250  # lines


class Synthesize(beam.PTransform):
    """Labels of train to `count` serialized tf.Examples; the same labels give the same ones.

    Args:
        count: of lines.
        task: the recipe's.
        folder: of the data, which may hold fonts.
    """

    def __init__(self, count: int, task: str, folder: str):
        super().__init__()
        self._count, self._task, self._folder = count, task, folder

    def expand(self, labels: beam.PCollection) -> beam.PCollection:
        """Build it."""
        pieces = [(first, min(first + A_PIECE, self._count)) for first in range(0, self._count, A_PIECE)]
        texts = beam.pvalue.AsList(labels | "Texts" >> beam.Distinct())
        started = labels.pipeline | "Pieces" >> beam.Create(pieces) | "Spread" >> beam.Reshuffle()
        return started | "Draw" >> beam.FlatMap(_draw, texts, self._task, self._folder)


def _draw(piece: tuple[int, int], texts: Sequence[str], task: str, folder: str) -> Iterator[bytes]:
    drawing = load_named(OF_DATA, task, "drawing")(Path(folder), texts)
    for record in drawing(range(*piece)):
        yield serialize(dataclasses.replace(record, source=f"{features.SYNTHETIC}{record.source}"))
