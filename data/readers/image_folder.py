"""A folder per label: `7/12.png`, or in a folder per split: `train/7/12.png`. MNIST-PNG as it is downloaded is one."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tfx_ocr.data import features, files, images, normalization
from tfx_ocr.data.readers import labelled_csv
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures
from tfx_ocr.data.readers.split_names import parse_split
from tfx_ocr.data.record import Record

LAYOUT = "[train|eval|test/]LABEL/FILE.png, a folder per label"
A_SHARD = 500  # records


def is_supported(root: Path) -> bool:
    """Return whether a picture lies in a label's folder, and no table of labels says otherwise."""
    pictures = (path for path in files.walk(root) if PurePosixPath(path).suffix.lower() in images.ENDINGS)
    return any(_parse_place(path) for path in pictures) and not labelled_csv.is_supported(root)


def list_shards(root: Path) -> list[str]:
    """Return the paths of all files below `root` in pieces of `A_SHARD`."""
    return cut_into_shards(files.list_files(root), A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread]:
    """Yield a record per picture. What is in the bytes is not looked at; a file outside the layout is set aside."""
    for path in json.loads(shard):
        yield files.format_path(path), functools.partial(_read_picture, root, path)


def _read_picture(root: Path, path: str) -> Record:
    place, source = _parse_place(path), files.format_path(path)
    if not place:
        raise ValueError(f"not in a label's folder: the layout is {LAYOUT}")
    split, label = place
    values = {features.IMAGE: files.read_file(root / path), features.LABEL: label.encode()}
    return Record(features=values, source=source, file=source, split=split)


def _parse_place(path: str) -> tuple[str, str] | None:
    """Split and label that a path states; None where it lies outside the layout.

    Folders above that of a split, as archives have them, do not count; below it there is the label's alone.
    """
    *_, folder, label, _ = ("", "", *path.split("/"))
    split = parse_split(folder)
    if not label or parse_split(label) or (folder and not split):
        return None
    return split, normalization.normalize_label(files.format_path(label))
