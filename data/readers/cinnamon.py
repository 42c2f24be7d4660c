"""Cinnamon's lines of Vietnamese handwriting as they are downloaded: folders of pictures, each with a `labels.json`."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tfx_ocr.data import features, files, images, labels
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "[FOLDER/]labels.json, an object of file to text, and the pictures beside it"
LABELS = "labels.json"
A_SHARD = 500  # lines


def is_supported(root: Path) -> bool:
    """Whether a `labels.json` lies in `root` or a folder directly in it, with pictures beside it."""
    return any(_pictures(root, folder) for folder in _folders(root))


def list_shards(root: Path) -> list[str]:
    """Every line of every `labels.json` in pieces of `A_SHARD`, then the pictures that none names: JSON lists of rows.

    Raises:
        ValueError: a `labels.json` is no JSON object.
    """
    rows: list[tuple[str, str, str]] = []  # picture, its text, what is wrong with it
    for folder in _folders(root):
        file = posixpath.join(folder, LABELS)
        shown = files.format_path(file)
        pictures = dict.fromkeys(_pictures(root, folder))
        seen: set[str] = set()
        for name, text in _labels(root / file):
            image = posixpath.normpath(posixpath.join(folder, name.replace("\\", "/")))
            label = labels.normalize_label(text) if isinstance(text, str) else ""
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
    return [json.dumps(rows[start : start + A_SHARD]) for start in range(0, len(rows), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a line. The writers are not known; the group is that of lines of equal text.

    Some addresses were written more than once, and a split between two of them would test what was learned by heart.
    """
    for image, label, wrong in json.loads(shard):
        source = files.format_path(image)
        if wrong:
            yield Rejected(source=source, reason=wrong)
            continue
        try:
            picture = files.read_file(root / image)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            reason = f"no image: it is not beside {LABELS}" if missing else f"cannot be read: {error.strerror}"
            yield Rejected(source=source, reason=reason)
            continue
        values = {features.IMAGE: picture, features.LABEL: label.encode()}
        yield Record(features=values, source=source, file=source, group=_group(label))


def _folders(root: Path) -> list[str]:
    """Folders with a `labels.json`, below `root` and in natural order: "" for itself."""
    inner = (path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [folder for folder in ("", *sorted(inner, key=files.to_natural_key)) if (root / folder / LABELS).is_file()]


def _pictures(root: Path, folder: str) -> list[str]:
    """The pictures in a folder, below `root`, in natural order."""
    names = sorted((path.name for path in (root / folder).iterdir()), key=files.to_natural_key)
    endings = ((name, PurePosixPath(name).suffix.lower()) for name in names if not name.startswith("."))
    return [posixpath.join(folder, name) for name, ending in endings if ending in images.ENDINGS]


def _labels(path: Path) -> list[tuple[str, object]]:
    """The pairs of a `labels.json` as they stand: a name that stands there twice comes twice.

    Raises:
        ValueError: it is no JSON object in UTF-8.
    """
    try:
        pairs = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_Pairs)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON in UTF-8: {error}") from None
    if not isinstance(pairs, _Pairs):
        raise ValueError(f"{path} is no JSON object of file to text")
    return pairs


class _Pairs(list[tuple[str, object]]):
    """A JSON object as it stands, so that a list is not taken for one."""


def _group(label: str) -> str:
    """A name for a text: the same for any case, spacing and punctuation."""
    loose = "".join(character for character in label.casefold() if character.isalnum())
    return f"text {hashlib.sha256(loose.encode()).hexdigest()[:12]}"
