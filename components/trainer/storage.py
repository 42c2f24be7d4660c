"""Files of a training: on this machine without TensorFlow, or by it at any address that it knows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def write_file(path: str, content: bytes) -> None:
    """Write and rename, with the folders above: a kill leaves the old file or the new one."""
    unfinished = f"{path}.part"
    if "://" not in path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(unfinished).write_bytes(content)
        os.replace(unfinished, path)
        return
    import tensorflow as tf

    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(unfinished, "wb") as file:
        file.write(content)
    tf.io.gfile.rename(unfinished, path, overwrite=True)


def read_file(path: str) -> bytes | None:
    """Return what a file holds; None where it is missing."""
    if "://" not in path:
        return Path(path).read_bytes() if os.path.exists(path) else None
    import tensorflow as tf

    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def remove_folder(path: str) -> None:
    """Remove a folder with all that it holds, if it is there."""
    if "://" not in path:
        shutil.rmtree(path, ignore_errors=True)
        return
    import tensorflow as tf

    if tf.io.gfile.exists(path):
        tf.io.gfile.rmtree(path)
