"""A folder a label: `7/12.png`, or below a folder a split: `train/7/12.png`. MNIST-PNG as it is downloaded is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tfx_ocr.data import features, files, images, labels
from tfx_ocr.data.readers import labelled_csv
from tfx_ocr.data.readers.split_names import parse_split
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "[train|eval|test/]LABEL/FILE.png, a folder a label"
A_SHARD = 500  # records


def is_supported(root: Path) -> bool:
    """Whether a picture lies in a label's folder, and no table of labels says otherwise."""
    pictures = (path for path in files.walk(root) if PurePosixPath(path).suffix.lower() in images.ENDINGS)
    return any(_place(path) for path in pictures) and not labelled_csv.is_supported(root)


def list_shards(root: Path) -> list[str]:
    """Every file below `root` in pieces of `A_SHARD`: JSON lists of paths."""
    paths = files.list_files(root)
    return [json.dumps(paths[start : start + A_SHARD]) for start in range(0, len(paths), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a picture. What is in the bytes is not looked at; a file outside the layout is set aside."""
    for path in json.loads(shard):
        source = files.format_path(path)
        place = _place(path)
        if not place:
            yield Rejected(source=source, reason=f"not in a label's folder: the layout is {LAYOUT}")
            continue
        split, label = place
        try:
            image = files.read_file(root / path)
        except OSError as error:
            yield Rejected(source=source, reason=f"cannot be read: {error.strerror}")
            continue
        yield Record(
            features={features.IMAGE: image, features.LABEL: label.encode()}, source=source, file=source, split=split
        )


def _place(path: str) -> tuple[str, str] | None:
    """Split and label that a path says; None where it lies outside the layout."""
    *folders, _ = path.split("/")
    split = parse_split(folders[0]) if folders else ""
    if len(folders) != (2 if split else 1):
        return None
    return split, labels.normalize_label(files.format_path(folders[-1]))
