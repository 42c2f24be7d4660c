"""A table of pictures and their labels, with the pictures beside it or in a folder `images`."""

from __future__ import annotations

import functools
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tfx_ocr.data import features, files, images
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.readers import table
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures, try_read
from tfx_ocr.data.readers.split_names import SPLIT_NAMES, find_split, parse_split
from tfx_ocr.data.record import Record, Rejected

# Columns by what they hold, each under the names it may have, however they are divided: `ImagePath`, `image path`.
COLUMNS = {
    "image": (
        *("image", "file", "filename", "path", "filepath", "image_path", "image_name", "image_file", "image_filename"),
        *("images", "img", "img_path", "img_name", "img_file", "picture", "photo"),
    ),
    "label": (
        *("label", "text", "syllable", "labels", "words", "word", "transcription", "transcript", "ground_truth"),
        *("gt", "gt_text", "truth", "sentence", "target", "class", "annotation", "caption"),
    ),
    "split": ("split", "subset", "partition"),
    "group": ("group", "writer", "font", "form", "supplier"),
    "note": ("note",),  # a doubt about the label
}
LAYOUT = (
    "a .csv or .tsv in UTF-8 whose header has a column for the image"
    f" ({', '.join(COLUMNS['image'][:5])} ...) and one for the label ({', '.join(COLUMNS['label'][:5])} ...), and the"
    " images it names"
)
FOLDER = "images"  # which that the table's paths may leave out
A_SHARD = 500  # rows


def is_supported(root: Path) -> bool:
    """Return whether a table directly in `root` has a column of pictures and one of labels."""
    return bool(_find_tables(root))


def list_headers(root: Path) -> dict[str, list[str]]:
    """Return the tables directly in `root` that can be read, each with the names of its columns."""
    names = [name for name in files.list_folder(root) if PurePosixPath(name).suffix.lower() in table.ENDINGS]
    headers = {name: try_read(_read_header, root / name) for name in names}
    return {name: header for name, header in headers.items() if header}


def list_shards(root: Path) -> list[str]:
    """Return the rows of all tables in pieces of `A_SHARD`, then the pictures that no row names."""
    paths = files.list_files(root)
    pictures = [path for path in paths if PurePosixPath(path).suffix.lower() in images.ENDINGS]
    find = files.build_finder(paths)
    rows = [row for name, columns in _find_tables(root).items() for row in _parse_rows(root / name, columns)]
    first: dict[str, str] = {}
    for row in rows:
        image = find(row["image"]) or find(posixpath.join(FOLDER, row["image"])) or row["image"]
        row["file"], row["split"] = image, row["split"] or find_split(posixpath.dirname(image))
        known = row["source"] if row["wrong"] else first.setdefault(image, row["source"])
        if known != row["source"]:
            row["wrong"] = (
                f"two labels: {files.format_path(row['image'])} has one in {files.format_path(known)} already"
            )
    named = {row["file"] for row in rows}
    without = "no label: no row of the table names this picture"
    rows += [{"source": path, "wrong": without} for path in pictures if path not in named]
    return cut_into_shards(rows, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per row; a row without its picture or its label, and a picture without a row, are set aside."""
    for row in json.loads(shard):
        source = files.format_path(row["source"])
        if row["wrong"]:
            yield Rejected(source=source, reason=row["wrong"])
        else:
            yield source, functools.partial(_read_picture, root, row)


def _find_tables(root: Path) -> dict[str, dict[str, int]]:
    """Tables directly in `root`, each with which of its columns holds what, counted from 0."""
    found = {}
    for name, header in list_headers(root).items():
        names = list(map(_squeeze, header))
        columns = {what: names.index(match) for what, known in COLUMNS.items() if (match := _first_of(known, names))}
        if {"image", "label"} <= columns.keys():
            found[name] = columns
    return found


def _first_of(known: tuple[str, ...], names: list[str]) -> str:
    return next((name for name in map(_squeeze, known) if name in names), "")


def _squeeze(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.lower())


def _read_header(path: Path) -> list[str] | None:
    row = next(table.read_rows(path), None)
    return row.cells if row and not row.wrong else None


def _parse_rows(path: Path, columns: dict[str, int]) -> Iterator[dict[str, str]]:
    """Yield each row as what `read` needs; `wrong` says what is wrong with it, "" for nothing."""
    rows = table.read_rows(path)
    width = len(next(rows).cells)
    for line, cells, unreadable in rows:
        row = {what: cells[place].strip() for what, place in columns.items() if place < len(cells)}
        image = posixpath.normpath(row.get("image", "").replace("\\", "/"))  # tables made on Windows
        label, named = normalize_label(row.get("label", "")), row.get("split", "")
        split = parse_split(named)
        if unreadable:
            wrong = unreadable
        elif len(cells) > width:
            wrong = f"too many cells: {len(cells)} under a header of {width}; quote a text with commas"
        elif image == ".":
            wrong = "no image: the row names none"
        elif image.startswith(("/", "../")):
            wrong = f"image outside the data: {row['image']}"
        elif not label:
            wrong = "no label: the row is without one"
        elif row.get("note"):
            wrong = f"doubtful label: {row['note']}"
        elif named and not split:
            wrong = f"unknown split: {named!r} (known: {', '.join(SPLIT_NAMES)})"
        else:
            wrong = ""
        yield {
            "image": image,
            "label": label,
            "split": split or parse_split(path.name),
            "group": normalize_label(row.get("group", "")),
            "source": f"{path.name}:{line}",
            "wrong": wrong,
        }


def _read_picture(root: Path, row: dict[str, str]) -> Record:
    source = files.format_path(row["image"])
    image = files.read_file(
        root / row["file"], missing=f"no image: {source} is neither beside the table nor in {FOLDER}/"
    )
    values = {features.IMAGE: image, features.LABEL: row["label"].encode()}
    return Record(features=values, source=source, file=source, group=row["group"], split=row["split"])
