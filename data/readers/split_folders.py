"""A data set that comes as a folder per split, each laid out as its format has it."""

from __future__ import annotations

import dataclasses
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tfx_ocr.data import files
from tfx_ocr.data.readers.shard import cut_into_rows
from tfx_ocr.data.readers.split_names import find_split, parse_split
from tfx_ocr.data.record import Record, Rejected


class Reader(Protocol):
    """A format of labelled pictures or pages on disk: a module of four names.

    Attributes:
        LAYOUT: what it looks for, as a clause for people.
    """

    @property
    def LAYOUT(self) -> str: ...  # noqa: D102, N802

    def is_supported(self, root: Path, /) -> bool:
        """Return whether the folder holds such data; cheap."""

    def list_shards(self, root: Path, /) -> list[str]:
        """Return the data in pieces of some hundred records, in natural order.

        A piece is plain text that `read` understands on any machine that sees the same folder.

        Raises:
            ValueError: the data is useless as a whole; one sentence says why.
        """

    def read(self, root: Path, shard: str, /) -> Iterator[Record | Rejected]:
        """Yield every record of a piece. What is wrong with one is a `Rejected`, never an error."""


@dataclasses.dataclass(frozen=True)
class WithSplitFolders:
    """A reader that also finds its layout in the folders of `list_inner_folders`: `train/box/1.txt`.

    Attributes:
        reader: of the layout.
    """

    reader: Reader

    @property
    def LAYOUT(self) -> str:  # noqa: N802 (the name that readers, being modules, have)
        """What the reader looks for, as a clause for people."""
        return self.reader.LAYOUT

    def is_supported(self, root: Path) -> bool:
        """Return whether `root`, or a folder in it, holds such data."""
        return bool(self._list_folders(root))

    def list_shards(self, root: Path) -> list[str]:
        """Return the pieces of each folder with the folder's name."""
        return [
            json.dumps([folder, shard])
            for folder in self._list_folders(root)
            for shard in self.reader.list_shards(root / folder)
        ]

    def cut(self, shard: str) -> list[str]:
        """Return a piece in pieces of one row, each of a record or, in formats of lines, of the lines of a page."""
        folder, inner = json.loads(shard)
        return [json.dumps([folder, row]) for row in cut_into_rows(inner)]

    def read(self, root: Path, shard: str) -> Iterator[Record | Rejected]:
        """Yield every record of a piece, its source and file below `root`, its split else the folder's."""
        folder, inner = json.loads(shard)
        for record in self.reader.read(root / folder, inner):
            if folder and isinstance(record, Record):
                file, split = f"{folder}/{record.file}", record.split or find_split(folder)
                record = dataclasses.replace(record, file=file, split=split)
            yield dataclasses.replace(record, source=f"{folder}/{record.source}") if folder else record

    def _list_folders(self, root: Path) -> list[str]:
        """`root` itself, "", or else those folders in it that hold such data, or those in its only one."""
        if self.reader.is_supported(root):
            return [""]
        found = [folder for folder in list_inner_folders(root) if self.reader.is_supported(root / folder)]
        folders = _list_folders(root)
        if found or len(folders) != 1:
            return found
        return [posixpath.join(folders[0], inner).rstrip("/") for inner in self._list_folders(root / folders[0])]


def list_inner_folders(root: Path) -> list[str]:
    """Return the folders of `root` that name a split, else those in any folder of it, else the only folder of it.

    Archives have one folder around all that is in them.
    """
    folders = _list_folders(root)
    inner = ((folder, name) for folder in folders for name in _list_folders(root / folder))
    return (
        [name for name in folders if parse_split(name)]
        or [f"{folder}/{name}" for folder, name in inner if parse_split(name)]
        or (folders if len(folders) == 1 else [])
    )


def _list_folders(root: Path) -> list[str]:
    return [name for name in files.list_folder(root) if (root / name).is_dir()]
