"""Drawn pictures to TFRecord shards: each whole or not there, so that a killed command goes on where it was."""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tfx_ocr.data import record_file
from tfx_ocr.data.processes import end_with_parent
from tfx_ocr.data.record import Record

A_SHARD = 2000  # pictures
SETTINGS = "{name}.json"  # beside the shards: what they were drawn by


def write(
    out: Path,
    name: str,
    settings: Mapping[str, Any],
    total: int,
    records: Callable[[range], Iterable[Record]],
    workers: int = 1,
    say: Callable[[str], None] = print,
    a_shard: int = A_SHARD,
) -> int:
    """Write `NAME-00000-of-00010.tfrecord` and so on, but for those that are there.

    Args:
        out: folder; made where it is not there.
        name: of the set: `train`, `eval` or `test` is that split to whoever reads it.
        settings: all that the pictures depend on, as JSON; kept beside them.
        total: number of pictures.
        records: gives those of a range of numbers, each the same whatever the range. Picklable, for `workers`.
        workers: processes.
        say: takes a line of progress.
        a_shard: pictures of a shard.

    Returns:
        How many were written now.

    Raises:
        ValueError: the folder holds a set of that name that was drawn by other settings.
    """
    out.mkdir(parents=True, exist_ok=True)
    file, text = out / SETTINGS.format(name=name), json.dumps(settings, indent=1, sort_keys=True, ensure_ascii=False)
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise ValueError(
            f"{out} holds a set {name} drawn by other settings ({file.name}): choose another folder or name"
        )
    file.write_text(text, encoding="utf-8")
    pieces = [range(first, min(total, first + a_shard)) for first in range(0, total, a_shard)]
    paths = [out / f"{name}-{number:05d}-of-{len(pieces):05d}.tfrecord" for number in range(len(pieces))]
    left = [(path, piece) for path, piece in zip(paths, pieces, strict=True) if not path.exists()]
    if len(left) < len(pieces):
        say(f"{name}: {len(pieces) - len(left)} of {len(pieces)} shards are there already")
    start, written = time.monotonic(), 0
    for done, count in enumerate(_write_all(left, records, workers), 1):
        written += count
        speed = written / (time.monotonic() - start)
        say(f"{name}: {done} of {len(left)} shards, {written} pictures, {speed:.0f} a second")
    return written


def _write_all(
    left: list[tuple[Path, range]], records: Callable[[range], Iterable[Record]], workers: int
) -> Iterable[int]:
    """Write each piece to its path; the number of records of each comes as it is done."""
    if workers < 2 or len(left) < 2:
        for path, piece in left:
            yield record_file.write(path, records(piece))
        return
    spawned = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with concurrent.futures.ProcessPoolExecutor(min(workers, len(left)), spawned, end_with_parent) as pool:
        futures = [pool.submit(_write_one, path, records, piece) for path, piece in left]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()


def _write_one(path: Path, records: Callable[[range], Iterable[Record]], piece: range) -> int:
    return record_file.write(path, records(piece))
