"""Which records an epoch of a stage has, by their sources: the same ones on any backend and after any kill."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from tfx_ocr.components.recipe import Part, Stage


@dataclasses.dataclass(frozen=True)
class Choice:
    """How often an epoch has each record of train.

    Attributes:
        ranks: of each record among those of its beginning, in an order by chance: [n] int64.
        sizes: how many have its beginning: [n] int64.
        taken: how many of these an epoch has, copies counted: [n] int64.
    """

    ranks: np.ndarray
    sizes: np.ndarray
    taken: np.ndarray

    @property
    def records(self) -> int:
        """Number of records in an epoch, copies counted: the same in each."""
        return int(self.count_copies(0).sum())

    def count_copies(self, epoch: int) -> np.ndarray:
        """Return how often an epoch, counted from 0, has each record: [n] int64.

        An epoch goes on where the one before ended, so that all records of one beginning come equally often.
        """
        whole, rest = np.divmod(self.taken, self.sizes)
        return whole + ((self.ranks - epoch * self.taken) % self.sizes < rest)


def choose_records(stage: Stage, sources: Sequence[str], seed: int) -> Choice | None:
    """Return which records the epochs of a stage have; None for every record once.

    Args:
        stage: of the recipe.
        sources: of train's records, in their order.
        seed: of the order in which they take turns.

    Raises:
        ValueError: a beginning that the stage trains on is that of no record.
    """
    if not stage.sources:
        return None
    places = collections.defaultdict(list)
    for place, source in enumerate(sources):
        places[find_beginning(source, stage.sources)].append(place)
    for beginning, often in stage.sources.items():
        if often and not places[beginning]:
            raise ValueError(describe_lack(stage, beginning, sources))
    if not any(stage.sources.values()):
        raise ValueError(f"stage {stage.name!r} of trainer.stages has no records: its sources leave all of them out")
    ranks, sizes, taken = np.zeros((3, len(sources)), np.int64)
    sizes += 1  # of what is left out: nothing is divided by 0
    for number, beginning in enumerate(sorted(stage.sources)):
        often, chosen = stage.sources[beginning], places[beginning]
        ranks[chosen] = np.random.default_rng([seed, number]).permutation(len(chosen))
        sizes[chosen] = len(chosen)
        taken[chosen] = max(1, round(often * len(chosen))) if often else 0
    return Choice(ranks, sizes, taken)


def describe_lack(stage: Stage, beginning: str, sources: Iterable[str]) -> str:
    """Return the sentence about a beginning that no record of train has, with what they begin with."""
    known = sorted({source.partition("/")[0] + "/" * ("/" in source) for source in sources})
    shown = ", ".join(map(repr, known[:8])) + (f" and {len(known) - 8} others" if len(known) > 8 else "")
    return (
        f"stage {stage.name!r} of trainer.stages has no records of source {beginning!r}: "
        f"the sources of train begin with {shown}"
    )


def find_beginning(source: str, beginnings: Iterable[str]) -> str | None:
    """Return the longest of the beginnings that a source has; None where none of them fits."""
    return max((each for each in beginnings if source.startswith(each)), key=len, default=None)


def replace_augment(part: Part, stage: int) -> Part:
    """Return the part with the changes of one of its stages."""
    augment = part.trainer.list_stages()[stage].augment
    return part.change_trainer(augment=augment) if augment else part
