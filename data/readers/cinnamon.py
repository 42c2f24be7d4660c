"""Cinnamon's lines of Vietnamese handwriting as they are downloaded: folders of pictures, each with a `labels.json`."""

from __future__ import annotations

import functools
import hashlib
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import features, files, images, normalization
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures, try_read
from tfx_ocr.data.readers.split_names import find_split
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "[FOLDER/]labels.json, an object of file to text, and the pictures beside it"
LABELS = "labels.json"
TABLE = re.compile(r"\s*\[\s*\{")  # how a list of objects begins
A_SHARD = 500  # lines


def is_supported(root: Path) -> bool:
    """Return whether a `labels.json` lies in `root` or a folder directly in it, with pictures beside it."""
    return any(_list_pictures(root, folder) for folder in _list_folders(root))


def list_shards(root: Path) -> list[str]:
    """Return every line of every `labels.json` in pieces of `A_SHARD`, then the pictures that none names.

    Raises:
        ValueError: a `labels.json` is not a JSON object, and the others label nothing.
    """
    rows: list[tuple[str, str, str]] = []  # picture, its text, what is wrong with it
    problems: list[ValueError] = []
    for folder in _list_folders(root):
        file = posixpath.join(folder, LABELS)
        shown = files.format_path(file)
        pictures = dict.fromkeys(_list_pictures(root, folder))
        find, seen = files.build_finder(pictures), set()
        try:
            pairs = _read_labels(root / file)
        except ValueError as error:
            problems.append(error)
            rows += [(image, "", f"no label: {error}") for image in pictures]
            continue
        for name, text in pairs:
            image = posixpath.normpath(posixpath.join(folder, name.replace("\\", "/")))
            image = find(image) or image
            label = normalization.normalize_label(text) if isinstance(text, str) else ""
            pictures.pop(image, None)
            if image.startswith(("/", "../")):
                wrong = f"image outside the data: {files.format_path(name)}"
            elif image in seen:
                wrong = f"two labels: {shown} names this picture twice"
            elif any(0xD800 <= ord(character) <= 0xDFFF for character in label):
                wrong = f"text is not Unicode: half a surrogate pair in {shown}"
            else:
                wrong = "" if label else f"no label: {shown} has no text for this picture"
            seen.add(image)
            rows.append((image, label, wrong))
        rows += [(image, "", f"no label: {shown} does not name this picture") for image in pictures]
    if problems and all(wrong for _, _, wrong in rows):
        raise problems[0]
    return cut_into_shards(rows, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per line. The writers are not known; the group is that of lines of equal text.

    Some addresses were written more than once, and a split between two of them would test what was learned by heart.
    """
    for image, label, wrong in json.loads(shard):
        source = files.format_path(image)
        if wrong:
            yield Rejected(source=source, reason=wrong)
        else:
            yield source, functools.partial(_read_line, root, image, label)


def _read_line(root: Path, image: str, label: str) -> Record:
    picture = files.read_file(root / image, missing=f"no image: it is not beside {LABELS}")
    source = files.format_path(image)
    values = {features.IMAGE: picture, features.LABEL: label.encode()}
    split = find_split(posixpath.dirname(image))
    return Record(features=values, source=source, file=source, group=_get_group(label), split=split)


def _list_folders(root: Path) -> list[str]:
    """Folders with a `labels.json`, below `root` and in natural order: "" for itself.

    One that is a list of objects is a table: `labelled_csv` reads it.
    """
    found = [folder for folder in ("", *files.list_folder(root)) if (root / folder / LABELS).is_file()]
    return [folder for folder in found if not try_read(_is_table, root / folder / LABELS)]


def _is_table(path: Path) -> bool:
    return TABLE.match(files.decode_text(files.read_file(path))) is not None


def _list_pictures(root: Path, folder: str) -> list[str]:
    """The pictures in a folder, below `root`, in natural order."""
    names = files.list_folder(root / folder)
    return [posixpath.join(folder, name) for name in names if images.is_picture(name)]


def _read_labels(path: Path) -> list[tuple[str, object]]:
    """The pairs of a `labels.json` as they stand: a name that stands there twice comes twice.

    Raises:
        ValueError: it is not a JSON object in UTF-8.
    """
    try:
        pairs = json.loads(files.read_file(path), object_pairs_hook=_Pairs)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON in UTF-8: {error}") from None
    if not isinstance(pairs, _Pairs):
        raise ValueError(f"{path} is not a JSON object of file to text")
    return pairs


class _Pairs(list[tuple[str, object]]):
    """A JSON object as it stands, so that a list is not taken for one."""


def _get_group(label: str) -> str:
    """A name for a text: the same for any case, spacing and punctuation."""
    loose = normalization.keep_letters_and_digits(label)
    return f"text {hashlib.sha256(loose.encode()).hexdigest()[:12]}"
