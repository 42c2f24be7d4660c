"""What data holds, in one line: the key by which ExampleGen's cache and an unchanged run know it again."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tfx_ocr.components.progress import say
from tfx_ocr.components.stop import Stop
from tfx_ocr.data import files

AT_ONCE = 64  # files per task of a thread
CHUNK = 2**16  # bytes read at a time: `hashlib.file_digest` clears four times as many for each file
EVERY_S = 5.0  # seconds between two lines on the console


def compute_fingerprint(root: Path) -> str:
    """Return number, bytes and SHA-256 of the files below a folder, by path and content; hidden ones do not count.

    TFX's own looks at modification times: files written anew with the same content never hit the cache, and a change
    within one tick of the clock is not seen.

    Raises:
        Stop: the folder is missing or empty.
    """
    if not root.is_dir():
        raise Stop(f"no folder {root}: the data's folder must exist")
    paths = files.list_files(root)
    if not paths:
        raise Stop(f"no files in {root}: give a folder with data in it")
    whole, size, number, told = hashlib.sha256(), 0, 0, time.monotonic()
    lots = [paths[first : first + AT_ONCE] for first in range(0, len(paths), AT_ONCE)]
    with ThreadPoolExecutor() as threads:
        for lot, digests in zip(
            lots, threads.map(lambda lot: [_digest(root / path) for path in lot], lots), strict=True
        ):
            for path, (digest, read) in zip(lot, digests, strict=True):
                whole.update(os.fsencode(path) + b"\0" + digest)
                size += read
            number += len(lot)
            if time.monotonic() - told > EVERY_S:
                told = time.monotonic()
                say(f"comparing the data: {number:,} of {len(paths):,} files")
    return f"files:{len(paths)},bytes:{size},sha256:{whole.hexdigest()}"


def _digest(path: Path) -> tuple[bytes, int]:
    """Return a file's SHA-256 and its bytes; nothing for a link to nowhere, which ExampleGen rejects."""
    try:
        digest = hashlib.sha256()
        with files.open_file(path) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
            return digest.digest(), file.tell()
    except OSError:
        return b"", 0
