"""A folder per label: `7/12.png`, or in a folder per split: `train/7/12.png`. MNIST-PNG as it is downloaded is one.

A folder named for a writer may lie above or below that of the label: `writer_03/7/12.png`.
"""

from __future__ import annotations

import functools
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import features, files, images, normalization
from tfx_ocr.data.readers import labelled_csv
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures
from tfx_ocr.data.readers.split_names import parse_split
from tfx_ocr.data.record import Record

LAYOUT = "[train|eval|test/]LABEL/FILE.png, a folder per label"
GROUP = re.compile(r"(?:author|font|form|person|scribe|user|writer)s?(?![a-z]).*", re.IGNORECASE)  # of a folder's name
TABLES = (".csv", ".tsv", ".jsonl")
A_SHARD = 500  # records


def is_supported(root: Path) -> bool:
    """Return whether a picture lies in a label's folder, and no table of labels says otherwise."""
    pictures = filter(images.is_picture, files.walk(root))
    return any(map(_parse_place, pictures)) and not labelled_csv.is_supported(root)


def list_shards(root: Path) -> list[str]:
    """Return the paths of all pictures, and of what else lies in a label's folder, in pieces of `A_SHARD`."""
    listed = (path for path in files.list_files(root) if images.is_picture(path) or _parse_place(path))
    return cut_into_shards(list(listed), A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread]:
    """Yield a record per picture. What is in the bytes is not looked at; a file outside the layout is set aside."""
    for path in json.loads(shard):
        yield files.format_path(path), functools.partial(_read_picture, root, path)


def _read_picture(root: Path, path: str) -> Record:
    place, source = _parse_place(path), files.format_path(path)
    if not place:
        raise ValueError(f"not in a label's folder: the layout is {LAYOUT}")
    if posixpath.splitext(path)[1].lower() in TABLES:
        raise ValueError(
            "a table in a label's folder: the folder is the label; put a table of labels at the top instead"
        )
    split, label, group = place
    values = {features.IMAGE: files.read_file(root / path), features.LABEL: label.encode()}
    return Record(features=values, source=source, file=source, group=group, split=split)


def _parse_place(path: str) -> tuple[str, str, str] | None:
    """Split, label and group that a path states; None where it lies outside the layout.

    Folders above that of a split, as archives have them, do not count; below it there is the label's alone, or that and
    a group's.
    """
    *folders, _ = path.split("/")
    groups = [place for place in range(len(folders))[-2:] if GROUP.fullmatch(folders[place])]
    group = folders.pop(groups[0]) if len(groups) == 1 and len(folders) > 1 else ""
    folder, label = ("", "", *folders)[-2:]
    split = parse_split(folder)
    if not label or parse_split(label) or (folder and not split):
        return None
    return split, normalization.normalize_label(files.format_path(label)), files.format_path(group)
