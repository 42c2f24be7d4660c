"""A text file beside each picture, as programs that train readers of lines have it: `001.png` with `001.gt.txt`."""

from __future__ import annotations

import collections
import functools
import json
import posixpath
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import features, files, images
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures, try_read
from tfx_ocr.data.readers.split_names import find_split
from tfx_ocr.data.readers.table import NOT_UTF8
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "FILE.png with its text in FILE.gt.txt or FILE.txt, in one folder or in two"
KINDS = re.compile(r"(\.(bin|nrm|gt))?\.\w+$")  # endings that picture and text may have, behind the name they share
A_SHARD = 500  # pictures


def is_supported(root: Path) -> bool:
    """Return whether a text file has the name of a picture."""
    paths = list(files.walk(root))
    texts = set(map(_get_stem, filter(_is_text, paths)))
    return any(_get_stem(path) in texts for path in filter(images.is_picture, paths))


def list_shards(root: Path) -> list[str]:
    """Return each picture with its text file in pieces of `A_SHARD`: that beside it, else the only one of its name.

    Of several the one counts whose folders are named as the picture's: `images/train/1.png`, `labels/train/1.txt`.
    Texts whose picture is missing follow: each `.gt.txt`, and each `.txt` of a single line beside those that are taken.
    """
    paths = files.list_files(root)
    texts = collections.defaultdict(list)
    for path in filter(_is_text, paths):
        texts[_get_stem(path)].append(path)
    rows = []
    for path in filter(images.is_picture, paths):
        alike = texts.get(_get_stem(path), [])
        beside = [text for text in alike if posixpath.dirname(text) == posixpath.dirname(path)]
        beside.sort(key=lambda text: KINDS.sub("", text) != KINDS.sub("", path))  # the exact name first
        elsewhere = alike[0] if len(alike) == 1 else files.find_parallel(path, alike)
        rows.append([path, beside[0] if beside else elsewhere])
    taken = {text for _, text in rows}
    folders = {posixpath.dirname(text) for text in taken if text}
    pictured = {_get_stem(path) for path, _ in rows}
    alone = [path for path in paths if _is_text(path) and path not in taken and _get_stem(path) not in pictured]
    rows += [["", path] for path in alone if posixpath.dirname(path) in folders and _is_label(root / path)]
    return cut_into_shards(rows, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per picture; one without a text, or with one of several lines, and texts alone are set aside."""
    for path, text in json.loads(shard):
        source = files.format_path(path or text)
        if not path:
            yield Rejected(source=source, reason="no image: no picture has the name of this text file")
        elif text:
            yield source, functools.partial(_read_picture, root, path, text)
        else:
            yield Rejected(source=source, reason="no label: no text file has the name of this picture")


def _read_picture(root: Path, path: str, text: str) -> Record:
    content = files.decode_text(files.read_file(root / text))
    if not files.is_decoded(content):
        raise ValueError(NOT_UTF8)
    lines = [line for line in map(normalize_label, content.splitlines()) if line]
    if len(lines) != 1:
        raise ValueError(f"no label: {files.format_path(text)} holds {len(lines)} lines, where a picture has one")
    values = {features.IMAGE: files.read_file(root / path), features.LABEL: lines[0].encode()}
    source = files.format_path(path)
    return Record(features=values, source=source, file=source, split=find_split(posixpath.dirname(path)))


def _is_text(path: str) -> bool:
    return path.lower().endswith(".txt")


def _is_label(path: Path) -> bool:
    """Return whether a text file is that of a picture, not a note or a list: by its name, else by its single line."""
    if path.name.lower().endswith(".gt.txt"):
        return True
    content = try_read(files.read_file, path) or b""
    return len(files.decode_text(content).splitlines()) == 1


def _get_stem(path: str) -> str:
    """A file's name without its endings, in one composition and case: tools write both otherwise."""
    return unicodedata.normalize("NFC", KINDS.sub("", posixpath.basename(path))).casefold()
