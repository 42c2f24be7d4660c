"""ExampleGen's driver: the cache's key is what the files hold, not when they were written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from tfx.components.example_gen import driver, input_processor
from tfx.proto import example_gen_pb2, range_config_pb2

from tfx_ocr.components.stop import Stop
from tfx_ocr.data import files


def compute_fingerprint(root: Path) -> str:
    """Return number, bytes and SHA-256 of the files below a folder, by their paths and content, hidden ones left out.

    TFX's own looks at modification times: files written anew with the same content never hit the cache, and a change
    within one tick of the clock is not seen.

    Raises:
        Stop: the folder is missing or empty.
    """
    if not root.is_dir():
        raise Stop(f"no folder {root}: the data's folder must exist")
    whole = hashlib.sha256()
    paths, size = files.list_files(root), 0
    if not paths:
        raise Stop(f"no files in {root}: give a folder with data in it")
    for path in paths:
        try:
            with files.open_file(root / path) as file:
                content = hashlib.file_digest(file, "sha256").digest()
                size += file.tell()
        except OSError:
            content = b""  # a link to nowhere: ExampleGen sets it aside
        whole.update(os.fsencode(path) + b"\0" + content)
    return f"files:{len(paths)},bytes:{size},sha256:{whole.hexdigest()}"


class Driver(driver.FileBasedDriver):
    """TFX's, with our fingerprint. Data has no spans here: its span is always 0, without a version."""

    def get_input_processor(
        self,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None = None,
        input_base_uri: str | None = None,
    ) -> input_processor.InputProcessor:
        """Return the processor that tells the base class span, version and fingerprint."""
        return _ByContent(input_base_uri, splits, range_config)


class _ByContent(input_processor.FileBasedInputProcessor):
    def resolve_span_and_version(self) -> tuple[int, None]:
        self._fingerprint = compute_fingerprint(Path(self._input_base_uri))
        return 0, None
