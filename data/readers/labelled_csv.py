"""A table of pictures and their labels, with the pictures beside it or in a folder `images`."""

from __future__ import annotations

import csv
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TextIO

from tfx_ocr.data import features, files, images, labels
from tfx_ocr.data.readers.split_names import SPLIT_NAMES, parse_split
from tfx_ocr.data.record import Record, Rejected

# columns by what they hold, each under the names it may have
COLUMNS = {
    "image": ("image", "file", "filename", "path"),
    "label": ("label", "text", "syllable"),
    "split": ("split",),
    "group": ("group", "writer", "font", "form", "supplier"),
    "note": ("note",),  # somebody doubts the label
}
LAYOUT = "a .csv or .tsv in UTF-8 whose header has the columns image and label, and the images it names"
ENDINGS = {".csv", ".tsv"}
FOLDER = "images"  # which that the table's paths may leave out
A_SHARD = 500  # rows


def is_supported(root: Path) -> bool:
    """Whether a table directly in `root` has a column of pictures and one of labels."""
    return bool(_tables(root))


def list_shards(root: Path) -> list[str]:
    """The rows of all tables in pieces of `A_SHARD`, then the pictures that no row names: JSON lists of rows.

    Raises:
        ValueError: a table is not UTF-8 or not readable as one.
    """
    rows = [row for table, header in _tables(root).items() for row in _rows(root / table, header)]
    first: dict[str, str] = {}
    for row in rows:
        there = row["source"] if row["wrong"] else first.setdefault(row["image"], row["source"])
        if there != row["source"]:
            row["wrong"] = (
                f"two labels: {files.format_path(row['image'])} has one in {files.format_path(there)} already"
            )
    named = {posixpath.join(folder, row["image"]) for row in rows for folder in ("", FOLDER)}
    for path in files.list_files(root):
        if PurePosixPath(path).suffix.lower() in images.ENDINGS and path not in named:
            rows.append({"source": path, "wrong": "no label: no row of the table names this picture"})
    return [json.dumps(rows[start : start + A_SHARD]) for start in range(0, len(rows), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a row; a row without its picture or its label, and a picture without a row, are set aside."""
    for row in json.loads(shard):
        image = row["wrong"] or _image(root, row["image"])
        if isinstance(image, bytes):
            yield Record(
                features={features.IMAGE: image, features.LABEL: row["label"].encode()},
                source=files.format_path(row["image"]),
                file=files.format_path(row["image"]),
                group=row["group"],
                split=row["split"],
            )
        else:
            yield Rejected(source=files.format_path(row["source"]), reason=image)


def _tables(root: Path) -> dict[str, dict[str, int]]:
    """Tables directly in `root`, each with which of its columns holds what, counted from 0."""
    found = {}
    for path in sorted(root.iterdir(), key=lambda path: files.to_natural_key(path.name)):
        if path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith("."):
            try:
                with path.open(encoding="utf-8-sig", errors="replace", newline="") as table:
                    names = [name.strip().lower() for name in next(_cells(table, path), (0, []))[1]]
            except (OSError, csv.Error):  # no table of ours; a picture that only it names is set aside
                names = []
            there = {what: [names.index(name) for name in known if name in names] for what, known in COLUMNS.items()}
            if there["image"] and there["label"]:
                found[path.name] = {what: columns[0] for what, columns in there.items() if columns}
    return found


def _cells(table: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that has cells, with its line: .tsv by tabs without quoting, .csv by what its first line has."""
    if path.suffix.lower() == ".tsv":
        rows = csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        first = table.readline()
        table.seek(0)
        rows = csv.reader(table, delimiter=max(",;\t", key=first.count))
    for cells in rows:
        if cells:
            yield rows.line_num, cells


def _rows(path: Path, columns: dict[str, int]) -> Iterator[dict[str, str]]:
    """Yield each row as what `read` needs; `wrong` says what is wrong with it, "" for nothing.

    Raises:
        ValueError: the table is not UTF-8, or the csv reader gives up on it, as where a quote is left open.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as table:
            rows = _cells(table, path)
            width = len(next(rows)[1])
            for line, cells in rows:
                row = {what: cells[place].strip() for what, place in columns.items() if place < len(cells)}
                image = posixpath.normpath(row.get("image", "").replace("\\", "/"))  # tables made on Windows
                label, named = labels.normalize_label(row.get("label", "")), row.get("split", "")
                split = parse_split(named)
                if len(cells) > width:
                    wrong = f"too many cells: {len(cells)} under a header of {width}; quote a text with commas"
                elif image == ".":
                    wrong = "no image: the row names none"
                elif image.startswith(("/", "../")):
                    wrong = f"image outside the data: {row['image']}"
                elif not label:
                    wrong = "no label: the row has none"
                elif row.get("note"):
                    wrong = f"doubtful label: {row['note']}"
                elif named and not split:
                    wrong = f"unknown split: {named!r} is none of {', '.join(SPLIT_NAMES)}"
                else:
                    wrong = ""
                yield {
                    "image": image,
                    "label": label,
                    "split": split or parse_split(path.name),
                    "group": labels.normalize_label(row.get("group", "")),
                    "source": f"{path.name}:{line}",
                    "wrong": wrong,
                }
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} cannot be read as a table: {error}; save it as UTF-8 text") from None
    except csv.Error as error:
        raise ValueError(f"{path} cannot be read as a table: {error}; is a quote left open?") from None


def _image(root: Path, path: str) -> bytes | str:
    """The picture's bytes, or what is wrong with it as a clause."""
    for folder in (root, root / FOLDER):
        try:
            return files.read_file(folder / path)
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"cannot be read: {error.strerror}"
    return f"no image: {files.format_path(path)} is neither beside the table nor in {FOLDER}/"
