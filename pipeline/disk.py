"""Free space where a run writes, and what a run takes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from tfx_ocr.pipeline.settings import Settings

# How the system, TensorFlow and sqlite say that a disk is full
FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "database or disk is full")
# What a run takes, temporary files included: of its own, and for each byte of the data. An estimate, not yet measured
RUN_MB, DATA_COPIES = 250, 4


def measure_free(settings: Settings) -> tuple[int, Path]:
    """Return the free bytes of the fullest disk that a run writes to, and the folder that lies there."""
    places: dict[int, Path] = {}  # by what is free there
    for place in (settings.folder, Path(settings.root), Path(settings.serving_dir)):
        places.setdefault(shutil.disk_usage(find_existing(place)).free, place)
    free = min(places)
    return free, places[free]


def find_existing(folder: Path) -> Path:
    """Return a folder, or the nearest above it that exists."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def describe_full(settings: Settings) -> str:
    """Return where the least space is, and what a run needs."""
    free, place = measure_free(settings)
    data = sum(path.stat().st_size for path in Path(settings.input).rglob("*") if path.is_file())
    return (
        f"the disk is full: {free >> 20} MB are free in {place}, and a run of this data takes about "
        f"{RUN_MB + (DATA_COPIES * data >> 20)} MB. Make room and run the same command: finished steps are reused"
    )
