"""Kalapa's forms of Vietnamese handwriting as they are downloaded: a folder of lines and a text file a form."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tfx_ocr.data import features, files, images, labels
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "[training_data/]images/FORM/FILE.jpg and annotations/FORM.txt with lines of FORM/FILE.jpg, tab and text"
IMAGES, ANNOTATIONS = "images", "annotations"
A_SHARD = 10  # forms; Kalapa's have 27 lines each


def is_supported(root: Path) -> bool:
    """Whether `root`, or a folder directly in it, has pictures and text files of forms."""
    return bool(_bases(root))


def list_shards(root: Path) -> list[str]:
    """The forms in pieces of `A_SHARD`: JSON lists of the folder they lie in and their name."""
    forms = []
    for base in _bases(root):
        named = {path.stem for path in (root / base / ANNOTATIONS).glob("*.txt") if not path.name.startswith(".")}
        named |= {path.name for path in (root / base / IMAGES).iterdir() if path.is_dir() and path.name[0] != "."}
        forms += [(base, form) for form in sorted(named, key=files.to_natural_key)]
    return [json.dumps(forms[start : start + A_SHARD]) for start in range(0, len(forms), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a line; its group is the form, so that a range of forms can be kept apart.

    A form is not a hand: neighbouring numbers are visibly one, so split by ranges (`..` in a recipe's groups).
    """
    for base, form in json.loads(shard):
        yield from _form(root, base, form)


def _bases(root: Path) -> list[str]:
    """Folders with both `images` and `annotations`, below `root`: "" for itself."""
    inner = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [
        base
        for base in ("", *inner)
        if (root / base / IMAGES).is_dir() and any((root / base / ANNOTATIONS).glob("*.txt"))
    ]


def _form(root: Path, base: str, form: str) -> Iterator[Record | Rejected]:
    """Yield a form's lines in the text file's order, then its pictures without one."""
    annotations = posixpath.join(base, ANNOTATIONS, f"{form}.txt")
    shown = files.format_path(annotations)
    pictures = root / base / IMAGES
    left = {f"{form}/{path}": None for path in files.list_files(pictures / form)}
    try:
        text = files.read_file(root / annotations).decode("utf-8-sig")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        text = ""
        reason = (
            "text is not UTF-8: save it so" if isinstance(error, ValueError) else f"cannot be read: {error.strerror}"
        )
        yield Rejected(source=shown, reason=reason)
    seen: set[str] = set()
    # not str.splitlines: it also ends a line at rare characters, which a label would lose with what follows
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if not line.strip():
            continue
        name, tab, written = line.partition("\t")
        image = posixpath.normpath(name.strip().replace("\\", "/"))
        source, label = files.format_path(posixpath.join(base, IMAGES, image)), labels.normalize_label(written)
        left.pop(image, None)
        found: bytes | str
        if not tab:
            source = f"{shown}:{number}"
            found = "no label: a line is a picture's path, a tab and its text"
        elif image.startswith(("/", "../")):
            source, found = f"{shown}:{number}", f"image outside the data: {files.format_path(name.strip())}"
        elif image in seen:
            source, found = f"{shown}:{number}", f"two labels: {files.format_path(image)} has one already"
        elif not image.startswith(f"{form}/"):
            source, found = (
                f"{shown}:{number}",
                f"another form: {files.format_path(image)} is not in {files.format_path(form)}/",
            )
        elif not label:
            found = f"no label: {shown} has no text for this picture"
        else:
            found = _image(pictures, image)
        seen.add(image)
        if isinstance(found, str):
            yield Rejected(source=source, reason=found)
        else:
            values = {features.IMAGE: found, features.LABEL: label.encode()}
            yield Record(features=values, source=source, file=source, group=files.format_path(form))
    for image in left:
        if PurePosixPath(image).suffix.lower() in images.ENDINGS:
            source = files.format_path(posixpath.join(base, IMAGES, image))
            yield Rejected(source=source, reason=f"no label: {shown} has no line for this picture")


def _image(folder: Path, path: str) -> bytes | str:
    """The picture's bytes, or what is wrong with it as a clause."""
    try:
        return files.read_file(folder / path)
    except FileNotFoundError:
        return f"no image: {files.format_path(path)} is not in {IMAGES}/"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
