"""The files below a folder, as readers and the cache's fingerprint see them: one order, nothing hidden."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

DROPPINGS = {"thumbs.db", "desktop.ini"}  # of Windows; those of others begin with a dot
LARGEST = 1 << 28  # bytes of a file that is read whole: a scan of 50 megapixels in colour takes 150 MB at most


def to_natural_key(name: str) -> list[str | int]:
    """Sort key by which `9.png` comes before `10.png`.

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
        folders[:] = [name for name in folders if not name.startswith(".")]
        inner = Path(folder).relative_to(root)
        for name in names:
            if not name.startswith(".") and name.lower() not in DROPPINGS:
                yield (inner / name).as_posix()


def list_files(root: Path) -> list[str]:
    """Every file below `root`, as `walk` gives them, in natural order of the whole path."""
    return sorted(walk(root), key=lambda path: (to_natural_key(path), path))


def format_path(path: str) -> str:
    r"""A file's path as text that can be written anywhere: bytes that are no UTF-8 as `\xff`."""
    try:
        return os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a surrogate pair: from a list of names, since no file has such a one
        return path.encode("utf-8", "backslashreplace").decode()


def read_file(path: Path) -> bytes:
    """What a file holds.

    Raises:
        OSError: the system says no, it is larger than `LARGEST`, or the name, out of a list, can be no file's.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST:
                raise OSError(errno.EFBIG, f"it has {size} bytes, where {LARGEST} are the most that is read")
            return file.read()
    except ValueError:  # a zero byte, or half a surrogate pair
        raise FileNotFoundError(errno.ENOENT, "no file can have this name") from None
