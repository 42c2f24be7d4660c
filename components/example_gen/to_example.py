"""Records to tf.Examples, one by one: what is kept, and what is set aside with its source and reason."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import apache_beam as beam

from tfx_ocr.components.recipe import Alphabet
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features, images
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.readers import get_reader
from tfx_ocr.data.readers.split_names import find_split_part
from tfx_ocr.data.record import Record, Rejected
from tfx_ocr.data.record_file import serialize
from tfx_ocr.data.validation import validate_records

# What goes on: split that the data names, key of the division, digest of the picture, source, label, tf.Example.
# A plain tuple, not a class: Beam writes those without pickle.
Kept = tuple[str, str, bytes, str, str, bytes]


class ToExample(beam.DoFn):
    """A reader's shard to what is kept, on the main output, and (source, reason) of what is set aside, on `REJECTED`.

    On `SURVEY`, ((kind, what), count) of what records say beside their features: `left_out` and a reason, `changed` and
    what, `given` and a split with the folder or file that names it, as a JSON list.

    Args:
        reading: name of the reader.
        root: the data's folder.
        task: name in `components.tasks.TASKS`.
        of: the recipe's alphabet.
        sizes: `Examples.sizes`; pictures of others are set aside before they are decoded.
        by: what a split never cuts in two.
    """

    REJECTED, SURVEY = "rejected", "survey"

    def __init__(
        self,
        reading: str,
        root: str,
        task: str,
        of: Alphabet,
        sizes: tuple[int, int, int],
        by: Literal["record", "file", "group"],
    ):
        self._reading, self._root, self._of, self._sizes, self._by = reading, root, of, sizes, by
        self._needed = get_task(task).records

    def setup(self) -> None:
        """Import what is named: modules do not travel to workers."""
        self._reader, self._alphabet = get_reader(self._reading), get_alphabet(self._of)

    def process(self, shard: str) -> Iterator[Kept | beam.pvalue.TaggedOutput]:
        """Read a shard."""
        read = self._reader.read(Path(self._root), shard)
        survey, given = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for record in validate_records(read, self._alphabet, self._needed, *self._sizes):
            if isinstance(record, Rejected):
                yield beam.pvalue.TaggedOutput(self.REJECTED, (record.source, record.reason))
            else:
                survey.update({("left_out", reason): count for reason, count in record.left_out.items()})
                given[record.split, find_split_part(record.file, record.split)] += 1
                survey["changed", record.changed] += bool(record.changed)
                yield self._kept(record)
        survey.update({("given", json.dumps(place)): count for place, count in given.items() if place[0]})
        for counted in (+survey).items():
            yield beam.pvalue.TaggedOutput(self.SURVEY, counted)

    def _kept(self, record: Record) -> Kept:
        """What goes on of a record that nothing is wrong with."""
        image = record.get_bytes_or_empty(features.IMAGE)
        digest = hashlib.sha256(image or repr(sorted(record.features.items())).encode()).digest()
        # by its picture, not its name: a renamed file stays where it was, and a copy goes where the first one went
        key = {"record": digest.hex(), "file": record.file, "group": record.group}[self._by]
        if image and (readable := images.to_png(image)) is not image:
            record = dataclasses.replace(record, features={**record.features, features.IMAGE: readable})
        label = record.get_bytes_or_empty(features.LABEL).decode()
        return record.split, key, digest, record.source, label, serialize(record)
