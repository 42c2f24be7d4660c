"""Formats of labelled pictures on disk, each read to records. One file per format, one line here."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from tfx_ocr.data import files
from tfx_ocr.data.readers import labelled_csv
from tfx_ocr.data.readers.split_folders import WithSplitFolders, list_inner_folders
from tfx_ocr.data.record import Record, Rejected
from tfx_ocr.data.registry import load_named

# A reader is a module with the names of `split_folders.Reader`. Labels are as `data.normalization` leaves them.
READERS = {
    "cinnamon": "tfx_ocr.data.readers.cinnamon",
    "file_names": "tfx_ocr.data.readers.file_names",
    "idx": "tfx_ocr.data.readers.idx",
    "image_folder": "tfx_ocr.data.readers.image_folder",
    "kaggle_invoices": "tfx_ocr.data.readers.kaggle_invoices",
    "kalapa": "tfx_ocr.data.readers.kalapa",
    "labelled_csv": "tfx_ocr.data.readers.labelled_csv",
    "page_lines": "tfx_ocr.data.readers.page_lines",
    "page_shapes": "tfx_ocr.data.readers.page_shapes",
    "page_xml": "tfx_ocr.data.readers.page_xml",
    "rvl_invoices": "tfx_ocr.data.readers.rvl_invoices",
    "sroie": "tfx_ocr.data.readers.sroie",
    "sroie_shapes": "tfx_ocr.data.readers.sroie_shapes",
    "text_files": "tfx_ocr.data.readers.text_files",
    "tfrecord": "tfx_ocr.data.readers.tfrecord",
}
# Endings of what others' sets come in and no reader takes, with what to do.
UNREAD = {
    **dict.fromkeys(
        (".parquet", ".arrow", ".npz", ".npy", ".mat", ".pkl", ".h5", ".hdf5", ".mdb"), "write its pictures out"
    ),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "save it as .csv"),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".rar", ".7z"), "unpack it"),
}


def get_reader(name: str) -> WithSplitFolders:
    """Import and return the reader that `name` stands for, which then looks into folders of splits too.

    Raises:
        ValueError: the reader is unknown; the known ones are named.
    """
    return WithSplitFolders(load_named(READERS, name, "reader"))


def read_data(root: Path, names: Sequence[str]) -> Iterator[Record | Rejected]:
    """Yield all records in `root`, by the first of the readers `names` that supports them, and those that it rejects.

    Raises:
        ValueError: as `choose_reader`.
    """
    reader = get_reader(choose_reader(root, names))
    for shard in reader.list_shards(root):
        yield from reader.read(root, shard)


def choose_reader(root: Path, names: Sequence[str]) -> str:
    """Return the first of the readers `names` that supports the data in `root`.

    Raises:
        ValueError: `root` is not a folder, or none of the readers supports what is in it.
    """
    if not root.is_dir():
        raise ValueError(f"no folder {root}: the data's folder must exist")
    for name in names:
        if get_reader(name).is_supported(root):
            return name
    looked_for = "; ".join(f"{get_reader(name).LAYOUT} ({name})" for name in names)
    found = "".join(
        f"; {posixpath.join(folder, table)} has the columns {', '.join(header)}"
        for folder in (("", *list_inner_folders(root)) if "labelled_csv" in names else ())
        for table, header in labelled_csv.list_headers(root / folder).items()
    )
    unread = "".join(f"; {clause}" for clause in list_unread(root))
    raise ValueError(f"no data of a known format in {root}; looked for: {looked_for}{found}{unread}")


def list_unread(root: Path) -> list[str]:
    """Return a clause for each ending of `UNREAD` that files in `root` have: the first of them, and what to do."""
    first: dict[str, str] = {}
    for path in files.list_files(root):
        first.setdefault(PurePosixPath(path.removesuffix(".gz")).suffix.lower(), files.format_path(path))
    return [f"{first[ending]} is not read: {advice}" for ending, advice in UNREAD.items() if ending in first]
