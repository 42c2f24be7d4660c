"""The files below a folder, as readers and the cache's fingerprint see them: one order, hidden names left out."""

from __future__ import annotations

import codecs
import errno
import functools
import hashlib
import io
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

DROPPINGS = {"thumbs.db", "desktop.ini", "__macosx"}  # of Windows and macOS's archives; others begin with a dot
LARGEST = 1 << 28  # bytes of a file that is read whole: a scan of 50 megapixels in colour takes 150 MB at most


def to_natural_key(name: str) -> list[str | int]:
    """Return a sort key by which `9.png` comes before `10.png`.

    >>> sorted(["w10", "w9", "w1a"], key=to_natural_key)
    ['w1a', 'w9', 'w10']
    """
    parts = re.split(r"([0-9]+)", name)  # text and numbers alternate, text first, so that like meets like
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def walk(root: Path) -> Iterator[str]:
    """Yield every file below `root` in no order: paths below it with `/`; links are followed, hidden names left out."""
    seen = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        if (real := os.path.realpath(folder)) in seen:  # a link to a folder above would go round for ever
            folders.clear()
            continue
        seen.add(real)
        folders[:] = filter(_is_shown, folders)
        inner = Path(folder).relative_to(root)
        yield from ((inner / name).as_posix() for name in filter(_is_shown, names))


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in DROPPINGS


def list_files(root: Path) -> list[str]:
    """Return every file below `root`, as `walk` yields them, in natural order of the whole path."""
    return sorted(walk(root), key=lambda path: (to_natural_key(path), path))


def list_folder(folder: Path) -> list[str]:
    """Return the names in a folder in natural order, hidden ones left out; of a folder that does not exist, []."""
    names = os.listdir(folder) if folder.is_dir() else []
    return sorted(filter(_is_shown, names), key=to_natural_key)


def build_finder(paths: Iterable[str]) -> Callable[[str], str]:
    r"""Return a function from a name that a list or a document has to the path it means, "" for none.

    The exact name goes first, then the one that differs by composition only (macOS writes names decomposed), then the
    only one that differs by case too (Windows knows no case).

    >>> find = build_finder(["a\u0300.png", "B.png"])
    >>> find("à.png") == "a\u0300.png", find("b.png"), find("c.png")
    (True, 'B.png', '')
    """
    compose = functools.partial(unicodedata.normalize, "NFC")
    ways: list[Callable[[str], str]] = [str, compose, lambda path: compose(path).casefold()]
    found: list[dict[str, list[str]]] = [{} for _ in ways]
    for path in paths:
        for way, known in zip(ways, found, strict=True):
            known.setdefault(way(path), []).append(path)

    def find(name: str) -> str:
        alike = (known.get(way(name), ()) for way, known in zip(ways, found, strict=True))
        return next((paths[0] for paths in alike if len(paths) == 1), "")

    return find


def find_parallel(path: str, alike: Sequence[str]) -> str:
    """Return the path that shares more names of folders with `path` than any other does, "" where none does.

    >>> find_parallel("images/train/1.png", ["labels/test/1.txt", "labels/train/1.txt"])
    'labels/train/1.txt'
    """
    folders = set(path.split("/")[:-1])
    shared = [len(folders.intersection(other.split("/")[:-1])) for other in alike]
    most = max(shared, default=0)
    return alike[shared.index(most)] if most and shared.count(most) == 1 else ""


def format_path(path: str) -> str:
    r"""Return a file's path as text that can be written anywhere: bytes that are not UTF-8 as `\xff`."""
    try:
        return os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a surrogate pair: from a list of names, since no file has such a one
        return path.encode("utf-8", "backslashreplace").decode()


def open_file(path: Path) -> io.BufferedReader:
    """Open a regular file, which a pipe, a device or a folder is not: those would hang, or be read for ever.

    Raises:
        OSError: the system refuses, it is not a regular file, or no file can have the name, which came out of a list.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return path.open("rb")
    except ValueError:  # a zero byte, or half a surrogate pair
        raise FileNotFoundError(errno.ENOENT, "no file can have this name", str(path)) from None


def read_file(path: Path, *, missing: str = "") -> bytes:
    """Return what a file holds.

    Args:
        path: the file.
        missing: the error's text where the file does not exist; "" for the system's own words.

    Raises:
        ValueError: the file does not exist, and `missing` says so.
        OSError: as `open_file`, or it is larger than `LARGEST`.
    """
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST:
                raise OSError(errno.EFBIG, f"it has {size} bytes, where {LARGEST} are the most that is read")
            return file.read()
    except FileNotFoundError:
        if not missing:
            raise
        raise ValueError(missing) from None


def decode_text(content: bytes) -> str:
    """Return a text: UTF-16 by its mark, else UTF-8, in which bytes that are something else become half surrogates."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "surrogateescape")


def is_decoded(text: str) -> bool:
    """Return whether a text of `decode_text` was wholly in its encoding."""
    return re.search("[\ud800-\udfff\N{REPLACEMENT CHARACTER}]", text) is None


def hash_file(path: Path) -> str:
    """Return the SHA-256 of what a file holds, in hexadecimal.

    Raises:
        OSError: as `open_file`.
    """
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
