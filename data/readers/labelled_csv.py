"""A table of pictures and their labels, with the pictures beside it or in a folder `images`."""

from __future__ import annotations

import csv
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tfx_ocr.data import features, files, images, labels
from tfx_ocr.data.readers.split_names import SPLIT_NAMES, split_named
from tfx_ocr.data.record import Record, Rejected

# columns by what they hold, each under the names it may have
COLUMNS = {
    "image": ("image", "file", "filename", "path"),
    "label": ("label", "text", "syllable"),
    "split": ("split",),
    "group": ("group", "writer", "font", "form", "supplier"),
}
LAYOUT = "a .csv or .tsv whose header has the columns image and label, and the images it names"
ENDINGS = {".csv", ".tsv"}
FOLDER = "images"  # which that the table's paths may leave out
A_SHARD = 500  # rows


def recognises(root: Path) -> bool:
    """Whether a table directly in `root` has a column of pictures and one of labels."""
    return bool(_tables(root))


def shards(root: Path) -> list[str]:
    """The rows of all tables in pieces of `A_SHARD`, then the pictures that no row names: JSON lists of rows.

    Raises:
        ValueError: a table is not UTF-8 or not readable as one.
    """
    rows = [row for table, header in _tables(root).items() for row in _rows(root / table, header)]
    named = {posixpath.join(folder, row["image"]) for row in rows for folder in ("", FOLDER)}
    for path in files.below(root):
        if PurePosixPath(path).suffix.lower() in images.ENDINGS and path not in named:
            rows.append({"source": path, "wrong": "no label: no row of the table names this picture"})
    return [json.dumps(rows[start : start + A_SHARD]) for start in range(0, len(rows), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a row; a row without its picture or its label, and a picture without a row, are set aside."""
    for row in json.loads(shard):
        image = None if row["wrong"] else _image(root, row["image"])
        if isinstance(image, bytes):
            yield Record(
                features={features.IMAGE: image, features.LABEL: row["label"].encode()},
                source=files.shown(row["image"]),
                file=files.shown(row["image"]),
                group=row["group"],
                split=row["split"],
            )
        else:
            yield Rejected(source=files.shown(row["source"]), reason=row["wrong"] or image)


def _tables(root: Path) -> dict[str, dict[str, str]]:
    """Tables directly in `root`, each with what its columns hold: name in `COLUMNS` to name in the header."""
    found = {}
    for path in sorted(root.iterdir(), key=lambda path: files.natural_order(path.name)):
        if path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith("."):
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as table:
                names = next(csv.reader(table, **_dialect(path)), [])
            there = {name.strip().lower(): name for name in reversed(names)}
            header = {what: there[name] for what, known in COLUMNS.items() for name in known[::-1] if name in there}
            if {"image", "label"} <= header.keys():
                found[path.name] = header
    return found


def _dialect(path: Path) -> dict[str, object]:
    """How cells are told apart: in .tsv by tabs without quoting, in .csv by what the first line holds most of."""
    if path.suffix.lower() == ".tsv":
        return {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
    with path.open(encoding="utf-8-sig", errors="replace") as table:
        first = table.readline()
    return {"delimiter": max(",;\t", key=first.count)}


def _rows(path: Path, header: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield each row as what `read` needs; `wrong` says what is wrong with it, "" for nothing.

    Raises:
        ValueError: the table is not UTF-8, or the csv reader gives up on it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as table:
            reader = csv.DictReader(table, restval="", **_dialect(path))
            for cells in reader:
                row = {what: cells[header[what]].strip() if what in header else "" for what in COLUMNS}
                image = posixpath.normpath(row["image"].replace("\\", "/"))  # tables made on Windows
                label, split = labels.normal(row["label"]), split_named(row["split"])
                if None in cells:
                    wrong = f"too many cells: more than the header's {len(reader.fieldnames)}; quote a text with commas"
                elif not row["image"]:
                    wrong = "no image: the row names none"
                elif image.startswith(("/", "../")):
                    wrong = f"image outside the data: {row['image']}"
                elif not label:
                    wrong = "no label: the row has none"
                elif row["split"] and not split:
                    wrong = f"unknown split: {row['split']!r} is none of {', '.join(SPLIT_NAMES)}"
                else:
                    wrong = ""
                yield {
                    "image": image,
                    "label": label,
                    "split": split or split_named(path.name),
                    "group": labels.normal(row["group"]),
                    "source": f"{path.name}:{reader.line_num}",
                    "wrong": wrong,
                }
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} cannot be read as a table: {error}; save it as UTF-8 text") from None


def _image(root: Path, path: str) -> bytes | str:
    """The picture's bytes, or what is wrong with it as a clause."""
    for folder in (root, root / FOLDER):
        try:
            return (folder / path).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"cannot be read: {error.strerror}"
    return f"no image: {path} is neither beside the table nor in {FOLDER}/"
