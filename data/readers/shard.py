"""From the rows of a shard to records: what is wrong with one record costs no other."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tfx_ocr.data.record import Record, Rejected

T = TypeVar("T")
Unread = tuple[str, Callable[[], Record]]  # the source of a record, and what builds it or raises


def cut_into_shards(rows: Sequence[Any], size: int) -> list[str]:
    """Return rows in pieces of `size`, each as a JSON list.

    >>> cut_into_shards(["a", "b", "c"], 2)
    ['["a", "b"]', '["c"]']
    """
    return [json.dumps(rows[start : start + size]) for start in range(0, len(rows), size)]


def cut_into_rows(shard: str) -> list[str]:
    """Return the shard of each row that `cut_into_shards` put into a shard; one that was cut in another way, as it is.

    >>> cut_into_rows('["a", "b"]'), cut_into_rows('"mnist.tfrecord"')
    (['["a"]', '["b"]'], ['"mnist.tfrecord"'])
    """
    rows = json.loads(shard)
    return cut_into_shards(rows, 1) if isinstance(rows, list) else [shard]


def reject_failures(
    read: Callable[[Path, str], Iterator[Unread | Rejected]],
) -> Callable[[Path, str], Iterator[Record | Rejected]]:
    """Return a reader's `read` that builds the records it is given unread, and rejects those that cannot be built.

    Whatever is raised while a record is built is the reason of its `Rejected`: decoders and parsers of damaged files
    raise nearly everything.
    """

    @functools.wraps(read)
    def read_records(root: Path, shard: str) -> Iterator[Record | Rejected]:
        for unread in read(root, shard):
            yield unread if isinstance(unread, Rejected) else _build(*unread)

    return read_records


def try_read(read: Callable[..., T], *arguments: Any) -> T | None:
    """Return `read(*arguments)`, or None where it raises, for what is looked at before records are built."""
    try:
        return read(*arguments)
    except Exception:  # whatever it is, it is raised again when the record is built
        return None


def _build(source: str, build: Callable[[], Record]) -> Record | Rejected:
    try:
        return build()
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        reason = str(error)
    except Exception as error:
        reason = f"cannot be read: {error!r}"
    return Rejected(source=source, reason=reason)
