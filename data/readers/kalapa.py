"""Kalapa's forms of Vietnamese handwriting as they are downloaded: a folder of lines and a text file per form."""

from __future__ import annotations

import functools
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import features, files, images
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures
from tfx_ocr.data.readers.split_names import find_split
from tfx_ocr.data.readers.table import NOT_UTF8
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "[training_data/]images/FORM/FILE.jpg and annotations/FORM.txt with lines of FORM/FILE.jpg, tab and text"
IMAGES, ANNOTATIONS = "images", "annotations"
A_SHARD = 10  # forms; Kalapa's have 27 lines each


def is_supported(root: Path) -> bool:
    """Return whether `root`, or a folder directly in it, has pictures and text files of forms."""
    return bool(_list_bases(root))


def list_shards(root: Path) -> list[str]:
    """Return the forms in pieces of `A_SHARD`, each by the folder it lies in and its name."""
    forms = []
    for base in _list_bases(root):
        pictures = root / base / IMAGES
        named = {name.removesuffix(".txt") for name in _list_annotations(root / base)}
        named |= {name for name in files.list_folder(pictures) if (pictures / name).is_dir()}
        forms += [(base, form) for form in sorted(named, key=files.to_natural_key)]
    return cut_into_shards(forms, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per line; its group is the form, so that a range of forms can be kept apart.

    A form is not a hand: neighbouring numbers are visibly one, so split by ranges (`..` in a recipe's groups).
    """
    for base, form in json.loads(shard):
        yield from _read_form(root, base, form)


def _list_bases(root: Path) -> list[str]:
    """Folders with both `images` and `annotations`, below `root`: "" for itself."""
    return [
        base
        for base in ("", *files.list_folder(root))
        if (root / base / IMAGES).is_dir() and _list_annotations(root / base)
    ]


def _list_annotations(folder: Path) -> list[str]:
    return [name for name in files.list_folder(folder / ANNOTATIONS) if name.endswith(".txt")]


def _read_form(root: Path, base: str, form: str) -> Iterator[Unread | Rejected]:
    """Yield a form's lines in the text file's order, then its pictures without one."""
    annotations = posixpath.join(base, ANNOTATIONS, f"{form}.txt")
    shown = files.format_path(annotations)
    pictures = root / base / IMAGES
    left = {f"{form}/{path}": None for path in files.list_files(pictures / form)}
    find = files.build_finder(left)
    text = ""
    try:
        text = files.decode_text(files.read_file(root / annotations))
    except FileNotFoundError:
        pass  # each picture of the form is set aside
    except OSError as error:
        yield Rejected(source=shown, reason=f"cannot be read: {error.strerror}")
    seen: set[str] = set()
    # not str.splitlines: it also ends a line at rare characters, which a label would lose with what follows
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if not line.strip():
            continue
        name, tab, written = line.partition("\t")
        named = posixpath.normpath(name.strip().replace("\\", "/"))
        image, label = find(named) or named, normalize_label(written)
        source, place = files.format_path(posixpath.join(base, IMAGES, image)), f"{shown}:{number}"
        left.pop(image, None)
        if not files.is_decoded(line):
            yield Rejected(source=place, reason=NOT_UTF8)
        elif not tab:
            yield Rejected(source=place, reason="no label: a line is a picture's path, a tab and its text")
        elif image.startswith(("/", "../")):
            yield Rejected(source=place, reason=f"image outside the data: {files.format_path(name.strip())}")
        elif image in seen:
            yield Rejected(source=place, reason=f"two labels: {files.format_path(image)} has one already")
        elif not image.startswith(f"{form}/"):
            reason = f"another form: {files.format_path(image)} is not in {files.format_path(form)}/"
            yield Rejected(source=place, reason=reason)
        elif not label:
            yield Rejected(source=source, reason=f"no label: {shown} has no text for this picture")
        else:
            yield source, functools.partial(_read_line, root, posixpath.join(base, IMAGES, image), label, form)
        seen.add(image)
    for image in left:
        if images.is_picture(image):
            source = files.format_path(posixpath.join(base, IMAGES, image))
            yield Rejected(source=source, reason=f"no label: {shown} has no line for this picture")


def _read_line(root: Path, image: str, label: str, form: str) -> Record:
    source = files.format_path(image)
    picture = files.read_file(root / image, missing=f"no image: {source} is not there")
    values = {features.IMAGE: picture, features.LABEL: label.encode()}
    split, group = find_split(posixpath.dirname(image)), files.format_path(form)
    return Record(features=values, source=source, file=source, group=group, split=split)
