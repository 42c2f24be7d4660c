"""Words and fields of real receipts (SROIE) and invoices (RVL-CDIP) as TFRecords, suppliers apart; texts only."""

from __future__ import annotations

import shutil
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tfx_ocr.data import record_file
from tfx_ocr.data.readers import get_reader
from tfx_ocr.data.record import Record

HERE = Path(__file__).parent
SETS = ("sroie", "rvl_invoices")  # readers, and the names of their data here, each a .zip as its reader takes it
SHARES = {"train": 0.7, "eval": 0.1, "test": 0.2}
LICENCES = "invoices.md"  # copied beside the data


def fill(folder: Path) -> None:
    """Write `SPLIT.tfrecord.gz`, of both sets, and the licences."""
    split: dict[str, list[Record]] = {name: [] for name in SHARES}
    for name in SETS:
        records = _records(name, folder / name)
        of = assign_splits(Counter(record.group for record in records))
        for record in records:
            split[of[record.group]].append(record)
        shutil.rmtree(folder / name)
    for name, records in split.items():
        record_file.write(folder / f"{name}.tfrecord.gz", records)
    shutil.copy(HERE / LICENCES, folder)


def assign_splits(groups: Mapping[str, int]) -> dict[str, str]:
    """Return the split of each group, whole: the largest first, each to the split that lacks most of its share.

    Args:
        groups: how many records each has.

    >>> assign_splits({"a": 6, "b": 2, "c": 1, "d": 1})
    {'a': 'train', 'b': 'test', 'c': 'train', 'd': 'eval'}
    """
    total = sum(groups.values())
    lacking = {split: share * total for split, share in SHARES.items()}
    found = {}
    for group, count in sorted(groups.items(), key=lambda group: (-group[1], group[0])):
        split = max(lacking, key=lambda split: lacking[split])
        found[group] = split
        lacking[split] -= count
    return found


def _records(name: str, folder: Path) -> list[Record]:
    """The records of a set, as its reader gives them.

    Raises:
        ValueError: the reader sets one aside, which must not happen to what is shipped.
    """
    with zipfile.ZipFile(HERE / f"{name}.zip") as packed:
        packed.extractall(folder)
    records = []
    for shard in get_reader(name).list_shards(folder):
        for record in get_reader(name).read(folder, shard):
            if not isinstance(record, Record):
                raise ValueError(f"{name}.zip is damaged: {record.source}, {record.reason}")
            records.append(record)
    return records
