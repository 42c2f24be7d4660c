"""Formats of labelled pictures on disk, each read to records. One file a format, one line here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from tfx_ocr.data.registry import load_named

# A reader is a module of four:
#   LAYOUT             what it looks for, as a clause for people
#   recognises(root)   -> bool: whether the folder holds that; cheap
#   shards(root)       -> list[str]: the data in pieces of some hundred records, in natural order; a piece is plain text
#                      that `read` understands on any machine that sees the same folder. A ValueError of one sentence
#                      says what makes the data useless as a whole
#   read(root, shard)  -> Iterator[Record | Rejected]: every record of a piece. What is wrong with one is a Rejected,
#                      never an error. Labels are as `data.labels.normal` leaves them
READERS = {
    "cinnamon": "tfx_ocr.data.readers.cinnamon",
    "idx": "tfx_ocr.data.readers.idx",
    "image_folder": "tfx_ocr.data.readers.image_folder",
    "kaggle_invoices": "tfx_ocr.data.readers.kaggle_invoices",
    "kalapa": "tfx_ocr.data.readers.kalapa",
    "labelled_csv": "tfx_ocr.data.readers.labelled_csv",
    "page_xml": "tfx_ocr.data.readers.page_xml",
    "rvl_invoices": "tfx_ocr.data.readers.rvl_invoices",
    "sroie": "tfx_ocr.data.readers.sroie",
    "tfrecord": "tfx_ocr.data.readers.tfrecord",
}


def get_reader(name: str) -> ModuleType:
    """Import and return the reader that `name` stands for.

    Raises:
        ValueError: there is no such reader; the known ones are named.
    """
    return load_named(READERS, name, "reader")


def choose_reader(root: Path, names: Sequence[str]) -> str:
    """The first of the readers `names` that recognises the data in `root`.

    Raises:
        ValueError: `root` is no folder, or none of the readers recognises what is in it.
    """
    if not root.is_dir():
        raise ValueError(f"no folder {root}: the data's folder must exist")
    for name in names:
        if get_reader(name).is_supported(root):
            return name
    looked_for = "; ".join(f"{get_reader(name).LAYOUT} ({name})" for name in names)
    raise ValueError(f"no data of a known format in {root}; looked for: {looked_for}")
