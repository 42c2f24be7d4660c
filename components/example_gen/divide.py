"""What needs all records in view: duplicate pictures, and the split that each record goes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows

from tfx_ocr.components.artifacts import SPLITS
from tfx_ocr.components.example_gen.splits import Divider
from tfx_ocr.components.example_gen.to_example import Kept
from tfx_ocr.components.recipe import Split

Stay = tuple[str, str]  # the split where a picture stays, and a source of it there


class Divide(beam.PTransform):
    """Kept records to one output a split, of serialized tf.Examples, and two more, `REJECTED` and `COUNTS`.

    A picture whose bytes occur in two splits stays in the later of train, eval, test and is rejected in the others, to
    prevent leakage. Within a split, copies stay.

    `REJECTED` is of (source, reason), `COUNTS` of ((split, label), how many), in parts to be added up. Of what is
    shuffled there are digests only, no pictures.

    Args:
        rule: the recipe's.
    """

    REJECTED, COUNTS = "rejected", "counts"

    def __init__(self, rule: Split):
        super().__init__()
        self._rule = rule

    def expand(self, kept: beam.PCollection) -> beam.pvalue.DoOutputsTuple:
        """Build it."""
        named = beam.pvalue.AsSingleton(
            kept | "Given" >> beam.Map(lambda record: record[0]) | "Named" >> beam.combiners.ToSet()
        )
        copies = beam.pvalue.AsDict(
            kept
            | "Digests" >> beam.Map(lambda record: (record[2], (record[0], record[1], record[3])))
            | "Together" >> beam.GroupByKey()
            | "Copies" >> beam.FlatMap(_stay, self._rule, named)
        )
        outputs = (*SPLITS, self.REJECTED, self.COUNTS)
        return kept | "Divided" >> beam.ParDo(_ToSplit(self._rule), named, copies).with_outputs(*outputs)


def _stay(
    together: tuple[bytes, Iterable[tuple[str, str, str]]], rule: Split, named: Collection[str]
) -> Iterator[tuple[bytes, Stay]]:
    """Of a digest and its records, each (given split, key, source): where it stays if it is in more than one split."""
    digest, records = together
    divider = Divider(rule, named)
    found = {(divider.choose_split(given, key), source) for given, key, source in records}
    splits = {split for split, _ in found if split}
    if len(splits) > 1:
        stays = max(splits, key=SPLITS.index)
        yield digest, (stays, min(source for split, source in found if split == stays))


class _ToSplit(beam.DoFn):
    """A kept record to the output of its split, or to those set aside; counts at the end of each bundle."""

    def __init__(self, rule: Split):
        self._rule = rule

    def start_bundle(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def process(
        self, record: Kept, named: Collection[str], copies: Mapping[bytes, Stay]
    ) -> Iterator[beam.pvalue.TaggedOutput]:
        given, key, digest, source, label, example = record
        split = Divider(self._rule, named).choose_split(given, key)
        stays, there = copies.get(digest, (split, ""))
        if not split:
            reason = "no group: the recipe splits by group, and the data does not say this record's"
        elif stays != split:
            reason = f"in two splits: the same picture is in {stays}, {there}, and was taken out of {split}"
        else:
            self._counts[split, label] += 1
            yield beam.pvalue.TaggedOutput(split, example)
            return
        yield beam.pvalue.TaggedOutput(Divide.REJECTED, (source, reason))

    def finish_bundle(self) -> Iterator[beam.pvalue.TaggedOutput]:
        for count in self._counts.items():
            yield beam.pvalue.TaggedOutput(Divide.COUNTS, GlobalWindows.windowed_value_at_end_of_window(count))
