"""The portable form in a process of its own.

Its pixels are Python's work: beside the threads of a server, which share one interpreter lock, half of a core's time
goes into waiting for the lock.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfx_ocr.data.processes import end_with_parent
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.portable import FOLDER
from tfx_ocr.serving.portable.form import read_form
from tfx_ocr.serving.runtimes.runtime import Options, Runtime

if TYPE_CHECKING:
    from tfx_ocr.serving.runtimes.portable import PortableModel

ATTEMPTS = 2  # at a request: the process may have ended by itself, or by the request

log = logging.getLogger(__name__)


def open_portable(path: Path, name: str, version: str, options: Options) -> Runtime:
    """Load a portable form, in this process or with `options.own_process` in one of its own.

    Raises:
        ValueError: as `PortableModel`.
    """
    return (OwnProcess if options.own_process else _load)(path, name, version, options)


class OwnProcess(Runtime):
    """A `PortableModel` in a process of its own, started again should it end: see `Runtime`."""

    def __init__(self, path: Path, name: str, version: str, options: Options):
        """Start the process and load.

        Raises:
            ValueError: as `PortableModel`.
        """
        super().__init__(path, name, version, read_form(path / FOLDER).read_signatures())
        self._given = path, name, version, dataclasses.replace(options, own_process=False)
        self._lock = threading.Lock()
        self._pool = self._start()
        try:
            self._pool.submit(_try).result()
        except BaseException:
            self.close()
            raise

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], timeout_s: float | None
    ) -> list[np.ndarray]:
        """See `Runtime`. Runs one request or batch at a time; a request whose time is over may still be run."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for _ in range(ATTEMPTS):
            pool, left = self._pool, None if deadline is None else deadline - time.monotonic()
            try:
                return self._wait(pool.submit(_run, signature, dict(inputs), outputs, left), left)
            except BrokenProcessPool:
                self._replace(pool)
        raise RequestError(str(self.path), "INTERNAL", "the process that runs the model ended twice")

    def close(self) -> None:
        """See `Runtime`."""
        self._pool.shutdown(cancel_futures=True)

    def _start(self) -> concurrent.futures.ProcessPoolExecutor:
        spawned = multiprocessing.get_context("spawn")  # the threads of a server do not survive a fork
        return concurrent.futures.ProcessPoolExecutor(1, spawned, _begin, self._given)

    def _replace(self, broken: concurrent.futures.ProcessPoolExecutor) -> None:
        """Start a new process, unless another thread that met the same end has done so."""
        with self._lock:
            if self._pool is broken:
                log.warning("the process that runs %s ended; it is started again", self.path)
                self._pool = self._start()

    def _wait(self, future: concurrent.futures.Future[list[np.ndarray]], timeout_s: float | None) -> list[np.ndarray]:
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            raise RequestError(str(self.path), "DEADLINE_EXCEEDED", "Timed out waiting for the model") from None
        finally:
            del future  # its error holds this frame: see `batching._run_together`


_open: Callable[[], PortableModel]  # of this process, loaded once


def _begin(path: Path, name: str, version: str, options: Options) -> None:
    """Begin the process: signals to a whole group are the server's, which ends it when its requests are answered."""
    global _open
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    end_with_parent()
    _open = functools.cache(functools.partial(_load, path, name, version, options))


def _load(path: Path, name: str, version: str, options: Options) -> PortableModel:
    from tfx_ocr.serving.runtimes.portable import PortableModel

    return PortableModel(path, name, version, options)


def _try() -> None:
    _open()


def _run(
    signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], timeout_s: float | None
) -> list[np.ndarray]:
    return _open().run(signature, inputs, outputs, timeout_s)
