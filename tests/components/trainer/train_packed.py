"""Train a pack with TensorFlow and TFX blocked; started by `test_elsewhere.py`, as a process has one backend.

`python train_packed.py DIE ARGUMENTS...`: ends itself by SIGKILL after epoch DIE, unless it is 0.
"""

from __future__ import annotations

import importlib.abc
import os
import signal
import sys
from collections.abc import Sequence
from types import ModuleType

BLOCKED = ("tensorflow", "tensorflow_transform", "tfx", "tfx_bsl", "apache_beam", "cv2", "fontTools")


class Blocked(importlib.abc.MetaPathFinder):
    """Finder that fails for what learning must not import."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")


sys.meta_path.insert(0, Blocked())

from tfx_ocr.components import progress  # noqa: E402  (after the finder)
from tfx_ocr.components.trainer import elsewhere  # noqa: E402

say = progress.say


def die(text: str) -> None:
    """Tell a line, and end as by a kill where it is the last epoch's."""
    say(text)
    if f"epoch {sys.argv[1]}/" in text:
        os.kill(os.getpid(), signal.SIGKILL)


progress.say = die
elsewhere.main(sys.argv[2:])
