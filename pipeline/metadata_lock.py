"""Whether ML Metadata's file can be written: its library waits for a lock without a word."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tfx_ocr.pipeline.settings import Settings

PATIENCE_S = 2.0


def refuse_locked(settings: Settings) -> None:
    """Refuse to begin while another process has ML Metadata's sqlite file locked for `PATIENCE_S` seconds.

    Raises:
        ValueError: it is locked, or is not a database.
    """
    file = settings.metadata_file
    if settings.metadata or not file.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=PATIENCE_S, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        raise ValueError(f"metadata {file}: {error}{_describe_holders(file)}") from None


def _describe_holders(file: Path) -> str:
    """Return ` by process NUMBER (COMMAND)` for each that holds a lock; "" where the system does not tell."""
    inode = str(file.stat().st_ino)
    try:
        locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
        holders = sorted(
            {lock[4] for lock in locks if lock[5].rpartition(":")[2] == inode and lock[1] != "->"}, key=int
        )
        commands = [Path("/proc", holder, "cmdline").read_bytes().replace(b"\0", b" ").decode() for holder in holders]
    except (OSError, ValueError, IndexError):
        return ""
    return "".join(f" by process {holder} ({command:.80})" for holder, command in zip(holders, commands, strict=True))
