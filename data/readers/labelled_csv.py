"""A table of pictures and their labels, with the pictures beside it or below, as programs and people write them."""

from __future__ import annotations

import collections
import functools
import itertools
import json
import posixpath
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tfx_ocr.data import features, files, images
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.readers import styles, table
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
    "style": ("style",),  # printed or handwritten
    "note": ("note",),  # a doubt about the label
}
# Columns that hold something else than labels, as `_squeeze` leaves them: numbers, sizes, what a model said.
BESIDE = (
    *("", "id", "index", "no", "nr", "unnamed0", "width", "height", "size", "url", "source", "date"),
    *("prediction", "predicted", "confidence", "probability", "score"),
)
LAYOUT = (
    "a .csv, .tsv or .jsonl in UTF-8 whose header has a column for the image"
    f" ({', '.join(COLUMNS['image'][:5])} ...) and one for the label ({', '.join(COLUMNS['label'][:5])} ...), or a .txt"
    " with an image and its text per line, and the images it names"
)
FOLDER = "images"  # which that the table's paths may leave out
MOST_NAMED = 8  # columns of a table
BOX = {"xmin", "bbox", "x1"}  # columns of tables that label parts of pictures, each part in a row
Columns = dict[str, int]  # what a column holds, to its place
Finder = Callable[[str, str], str]  # a table's name of a picture, and its split, to its path
COUNTED = re.compile(r"\d+_[^\W\d_]+_(\d+)")  # a picture's name in MJSynth: its number, the word, that of the word
LOOKED_AT = 20  # rows, to tell which column holds the pictures
A_SHARD = 500  # rows


def is_supported(root: Path) -> bool:
    """Return whether a table directly in `root` has a column of pictures and one of labels."""
    return bool(_find_tables(root))


def list_headers(root: Path) -> dict[str, list[str]]:
    """Return the tables directly in `root` that can be read, each with the names of its columns."""
    return {name: _shorten(first[0]) for name, first in _read_tables(root).items()}


def find_unread(root: Path) -> dict[str, str]:
    """Return the tables directly in `root` whose columns are not known, each with what it lacks.

    That is "" for a table that names no picture: it holds something else.
    """
    known, build_finder = _find_tables(root), functools.cache(lambda: _build_finder(files.list_files(root)))
    image, label = (f"`{what}` (or {', '.join(COLUMNS[what][1:5])} ...)" for what in ("image", "label"))
    must = f"must name the column of the pictures {image} and that of their texts {label}"
    unread = {}
    for name, first in _read_tables(root).items():
        if name not in known:
            named = "image" in _find_columns(first, build_finder, parse_split(name))
            named = named or any(images.is_picture(cell.strip()) for row in first for cell in row)
            said = f"its first row is {', '.join(map(files.format_path, _shorten(first[0])))}: it {must}"
            unread[name] = (said if files.is_decoded("".join(first[0])) else table.NOT_UTF8) if named else ""
    return unread


def _shorten(header: Sequence[str]) -> list[str]:
    """Return the names of the first `MOST_NAMED` columns, and how many more there are."""
    more = len(header) - MOST_NAMED
    return [*header[:MOST_NAMED], *([f"{more} more"] if more > 0 else ())]


def list_shards(root: Path) -> list[str]:
    """Return the rows of all tables in pieces of `A_SHARD`, then the pictures that no row names."""
    paths = files.list_files(root)
    pictures = list(filter(images.is_picture, paths))
    find = _build_finder(paths)
    rows = [row for name, columns in _find_tables(root).items() for row in _parse_rows(root / name, columns)]
    first: dict[str, str] = {}
    for row in rows:
        found = find(row["image"], row["split"])
        row["file"] = image = found or row["image"]
        row["split"] = row["split"] or find_split(posixpath.dirname(image))
        known = first.setdefault(image, row["source"]) if found and not row["wrong"] else row["source"]
        shown = files.format_path(row["image"])
        if known != row["source"]:
            row["wrong"] = f"two labels: {shown} has one in {files.format_path(known)} already"
        elif not row["wrong"] and not found and image.startswith(("/", "../")):
            row["wrong"] = f"image outside the data: {shown}"
    counts = collections.Counter(row["file"] for row in rows)
    for row in rows:
        if row.pop("boxed") and counts[row["file"]] > 1 and row["file"] in first:
            row["wrong"] = f"several boxes: the table labels parts of {files.format_path(row['image'])}, not all of it"
    named = {row["file"] for row in rows}
    without = "no label: no row of the table names this picture"
    rows += [{"source": path, "wrong": without} for path in pictures if path not in named]
    return cut_into_shards(rows, A_SHARD)


def _build_finder(paths: Sequence[str]) -> Finder:
    """Return a function from a table's name of a picture, and its split or "", to the path it means, "" for none.

    The path goes first, then that in `FOLDER`, then the only picture of that name, with or without its ending, in any
    folder: tables name pictures as they lay elsewhere, in URLs too. Of several the one counts that lies in a folder of
    the split.
    """
    find, alike = files.build_finder(paths), collections.defaultdict(list)
    for path in filter(images.is_picture, paths):
        for spelling in (posixpath.basename(path), PurePosixPath(path).stem):
            alike[_fold(spelling)].append(path)

    def find_picture(image: str, split: str) -> str:
        if found := find(image) or find(posixpath.join(FOLDER, image)):
            return found
        if (spelt := urllib.parse.unquote(image)) != image:
            return find_picture(spelt, split)
        same = alike.get(_fold(posixpath.basename(image)), [])
        if len(same) > 1 and split:
            same = [path for path in same if find_split(posixpath.dirname(path)) == split]
        return same[0] if len(same) == 1 else ""

    return find_picture


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per row; a row without its picture or its label, and a picture without a row, are set aside."""
    for row in json.loads(shard):
        source = files.format_path(row["source"])
        if row["wrong"]:
            yield Rejected(source=source, reason=row["wrong"])
        else:
            yield source, functools.partial(_read_picture, root, row)


def _find_tables(root: Path) -> dict[str, Columns]:
    """Tables directly in `root`, each with which of its columns holds what, counted from 0."""
    build_finder = functools.cache(lambda: _build_finder(files.list_files(root)))
    tables = _read_tables(root).items()
    found = {name: _find_columns(first, build_finder, parse_split(name)) for name, first in tables}
    return {name: columns for name, columns in found.items() if {"image", "label"} <= columns.keys()}


def _find_columns(first: Sequence[Sequence[str]], build_finder: Callable[[], Finder], split: str) -> Columns:
    """Return which column holds what, by its name; else the one half of whose cells are pictures, and the only other.

    Args:
        first: cells of the header and of the first rows.
        build_finder: makes `_build_finder`'s function, where it is needed.
        split: that the table's name states, "" for none.
    """
    header = first[0]
    places = [place for place, cell in enumerate(header) if images.is_picture(cell.strip())]
    names = [str(place) if places else _squeeze(cell) for place, cell in enumerate(header)]
    columns = {
        what: names.index(name)
        for what, known in COLUMNS.items()
        for name in map(_squeeze, reversed(known))
        if name in names
    }
    if "image" not in columns:
        find, rows = build_finder(), first[1:] or first
        free = ((place, cell) for row in rows for place, cell in enumerate(row) if place not in columns.values())
        counts = collections.Counter(place for place, cell in free if cell and find(_normalize(cell), split))
        places = places or [place for place, count in counts.most_common(1) if 2 * count >= len(rows)]
        columns |= {"image": places[0]} if places else {}
    others = [place for place, name in enumerate(names) if place not in columns.values() and name not in BESIDE]
    if "split" not in columns and len(others) > ("label" not in columns):
        stated = [place for place in others if _names_splits(first[1:], place)]
        columns |= {"split": stated[0]} if stated else {}
    if "image" in columns and "label" not in columns:
        others = [place for place in others if place != columns.get("split")]
        columns |= {"label": others[0]} if len(others) == 1 else {}
    return columns


def _names_splits(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Return whether a column has a split in every row: `Usage` of `Training` and `PublicTest`."""
    return bool(rows) and all(place < len(row) and parse_split(row[place]) for row in rows)


def _squeeze(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.lower())


def _read_tables(root: Path) -> dict[str, list[list[str]]]:
    """Tables directly in `root` that can be read, each with the cells of its header and of its first rows."""
    names = [name for name in files.list_folder(root) if PurePosixPath(name).suffix.lower() in table.ENDINGS]
    names = [name for name in names if "submission" not in name.lower()]  # Kaggle's sample of answers, all wrong
    return {name: first for name in names if (first := try_read(_read_first, root / name)) and first[0]}


def _read_first(path: Path) -> list[list[str]]:
    return [row.cells for row in itertools.islice(table.read_rows(path), 1 + LOOKED_AT)]


def _parse_rows(path: Path, columns: Columns) -> Iterator[dict[str, Any]]:
    """Yield each row as what `read` needs; `wrong` says what is wrong with it, "" for nothing."""
    rows = table.read_rows(path)
    header = next(rows)
    width = len(header.cells)
    style = styles.OF_GROUPS.get(_squeeze(header.cells[columns["group"]]), "") if "group" in columns else ""
    boxed = not BOX.isdisjoint(map(_squeeze, header.cells))
    if columns["image"] < width and images.is_picture(header.cells[columns["image"]].strip()):
        rows = itertools.chain([header], rows)  # a table without a header
    for line, written, unreadable, others in rows:
        cells = written[:width] if not any(written[width:]) else written  # a spreadsheet's empty cells behind
        row = {what: cells[place].strip() for what, place in columns.items() if place < len(cells)}
        odd = [what for what, place in columns.items() if place in others]
        if table.is_object(row.get("label", "")):
            odd = ["label"]
        image = _normalize(row.get("image", ""))
        label, named = normalize_label(row.get("label", "")), row.get("split", "")
        split = parse_split(named)
        if unreadable:
            wrong = unreadable
        elif len(cells) > width:
            wrong = f"too many cells: {len(cells)} under a header of {width}; quote a text with commas"
        elif odd:
            wrong = f"not a text: the {odd[0]} is {cells[columns[odd[0]]][:40]}"
        elif path.suffix.lower() == ".txt" and _is_count(image, label):
            wrong = f"not a text: {label} is the number in the picture's name, as in MJSynth's lists of words"
        elif image == ".":
            wrong = "no image: the row names none"
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
            "style": row.get("style", style),
            "boxed": boxed,
            "source": f"{path.name}:{line}",
            "wrong": wrong,
        }


def _is_count(image: str, label: str) -> bool:
    """Return whether a label is the number of a word in a list, as `1/2/7_alpha_1042.jpg 1042` of MJSynth has it."""
    match = COUNTED.fullmatch(PurePosixPath(image).stem)
    return match is not None and match[1] == label


def _normalize(image: str) -> str:
    return posixpath.normpath(image.strip().replace("\\", "/"))  # tables made on Windows


def _read_picture(root: Path, row: dict[str, str]) -> Record:
    source = files.format_path(row["image"])
    image = files.read_file(root / row["file"], missing=f"no image: {source} is not in the folder")
    values = {features.IMAGE: image, features.LABEL: row["label"].encode()}
    if style := styles.find_style(row["style"]):
        values[features.STYLE] = style
    file = files.format_path(row["file"])
    return Record(features=values, source=source, file=file, group=row["group"], split=row["split"])
