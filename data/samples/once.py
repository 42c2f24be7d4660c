"""A sample's folder is written whole or not at all, and once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Have `fill` write into a folder beside `folder` that then becomes it; one that is there is left as it is.

    Returns:
        The folder.
    """
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fill(unfinished)
        unfinished.chmod(0o755)  # a temporary folder is closed to others
        unfinished.rename(folder)
    except OSError:
        if not folder.exists():  # else another process was quicker, and wrote the same
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder
