"""Pictures named by what they show: `2b827.png`, or `7_012.png` where several show the same."""

from __future__ import annotations

import collections
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tfx_ocr.data import features, files, images
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures
from tfx_ocr.data.record import Record

LAYOUT = "LABEL.png or LABEL_NUMBER.png, all in one folder"
COUNTED = re.compile(r"_\d+$| \(\d+\)$")  # behind the label, where several pictures have it
ALIKE = 5  # names that differ in digits only, from which on they count
A_SHARD = 500  # pictures


def is_supported(root: Path) -> bool:
    """Return whether the pictures directly in `root` have names that say what they show.

    Scans have numbers in order. Cameras and programs give names of which more than half begin with a letter and differ
    from `ALIKE` or more others in their digits only: `IMG_0004`, `d-11.final`.
    """
    stems = [PurePosixPath(path).stem for path in _list_pictures(root)]
    numbers = [int(number) for stem in stems for number in re.findall(r"\d{1,18}$", stem)]
    labels = collections.Counter(COUNTED.sub("", stem) for stem in stems)
    single = [
        label for label, count in labels.items() if count == 1 and label[:1].isalpha() and re.search(r"\d", label)
    ]
    alike = collections.Counter(re.sub(r"\d+", "0", label) for label in single)
    of_programs = sum(count for count in alike.values() if count >= ALIKE) > len(labels) / 2
    begun = {re.sub(r"\d+$", "", stem) for stem in stems}
    in_order = len(begun) == 1 and len(numbers) == len(stems) and max(numbers) - min(numbers) < 2 * len(numbers)
    return len(labels) > 1 and not in_order and not of_programs


def list_shards(root: Path) -> list[str]:
    """Return the names of the pictures directly in `root` in pieces of `A_SHARD`."""
    return cut_into_shards(_list_pictures(root), A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread]:
    """Yield a record per picture."""
    for name in json.loads(shard):
        yield files.format_path(name), functools.partial(_read_picture, root, name)


def _list_pictures(root: Path) -> list[str]:
    names = files.list_folder(root)
    return [name for name in names if images.is_picture(name) and (root / name).is_file()]


def _read_picture(root: Path, name: str) -> Record:
    source = files.format_path(name)
    label = normalize_label(COUNTED.sub("", PurePosixPath(source).stem))
    values = {features.IMAGE: files.read_file(root / name), features.LABEL: label.encode()}
    return Record(features=values, source=source, file=source)
