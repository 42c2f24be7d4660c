"""A network as LiteRT runs it: any number of rows, by several workers, in flat memory."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tfx_ocr.data import features
from tfx_ocr.data.quiet import silence_stderr

_NOTED = threading.Event()  # whether LiteRT has told about its delegate: once per process

ROWS = 16  # that run at once, so that memory does not grow with the batch


class Network:
    """A `network.tflite` of inputs [rows, ...] and one output, the logits. Threads may share it."""

    def __init__(self, path: Path, workers: int = 1, threads: int | None = None):
        """Load.

        Args:
            path: of the file.
            workers: that are taken at once; more wait.
            threads: of one worker; None for all cores where it is the only one taken, and one where there are others.

        Raises:
            ValueError: the file is missing, damaged, or needs operations that the interpreter lacks.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from None
        self._alone = Worker(content, threads or os.cpu_count() or 1)
        try:
            self._alone.load()
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{path} is not a network that LiteRT runs: {error}") from None
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        for _ in range(workers):
            self._free.put(Worker(content, threads or 1))
        self._taken, self._lock = 0, threading.Lock()

    @contextlib.contextmanager
    def take(self, timeout_s: float | None = None) -> Iterator[Worker]:
        """Take a worker until the end of the block.

        Args:
            timeout_s: seconds to wait for one; None for no limit.

        Raises:
            TimeoutError: none got free in time.
        """
        try:
            worker = self._free.get(timeout=None if timeout_s is None else max(timeout_s, 0.0))
        except queue.Empty:
            raise TimeoutError("Timed out waiting for an interpreter") from None
        with self._lock:
            self._taken += 1
            is_alone = self._taken == 1
        try:
            yield self._alone if is_alone else worker
        finally:
            with self._lock:
                self._taken -= 1
            self._free.put(worker)

    def close(self) -> None:
        """Release the interpreters."""
        while not self._free.empty():
            self._free.get_nowait()


class Worker:
    """An interpreter, loaded at its first run."""

    def __init__(self, content: bytes, threads: int):
        self._content, self._threads = content, threads
        self._allocated: dict[str, tuple[int, ...]] = {}

    def load(self) -> None:
        """Load the interpreter.

        Raises:
            ValueError: the content is damaged.
            RuntimeError: it needs operations that the interpreter lacks.
        """
        self._interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
        first = self._interpreter.get_signature_runner(min(self._interpreter.get_signature_list()))
        self._indices = {name: each["index"] for name, each in first.get_input_details().items()}
        self._output = first.get_output_details()[features.LOGITS]["index"]

    def run(self, inputs: Mapping[str, np.ndarray], timeout_s: float | None = None) -> np.ndarray:
        """Return the logits of any number of rows.

        Args:
            inputs: by name, [rows, ...] each.
            timeout_s: seconds until it is given up; None for no limit. The interpreter's own run is not interrupted.

        Raises:
            TimeoutError: rows were left when it was over.
        """
        rows = len(next(iter(inputs.values())))
        if not rows:
            one = {name: np.zeros((1, *value.shape[1:]), value.dtype) for name, value in inputs.items()}
            return self.run(one, timeout_s)[:0]
        deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
        parts = []
        for begin in range(0, rows, ROWS):
            if time.monotonic() >= deadline:
                raise TimeoutError("Timed out before the network ran")
            parts.append(self._run({name: value[begin : begin + ROWS] for name, value in inputs.items()}))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def explain(self, inputs: Mapping[str, np.ndarray], timeout_s: float | None = None) -> dict[str, np.ndarray]:
        """Return `logits` and `heat` of any number of rows, one at a time: each is run once per place of the last map.

        Args:
            inputs: as `run` takes them.
            timeout_s: as `run` takes it.

        Raises:
            TimeoutError: as `run` does.
        """
        if not hasattr(self, "_interpreter"):
            self.load()
        self._allocated = {}  # an interpreter's signatures share its memory
        explain = self._interpreter.get_signature_runner(features.EXPLAIN)
        deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
        rows: list[dict[str, np.ndarray]] = []
        for row in range(len(next(iter(inputs.values())))):
            if time.monotonic() >= deadline:
                raise TimeoutError("Timed out before the network ran")
            with _silence_note():
                rows.append(explain(**{name: value[row : row + 1] for name, value in inputs.items()}))
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}

    def _run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        shapes = {name: value.shape for name, value in inputs.items()}
        if shapes != self._allocated:
            if not hasattr(self, "_interpreter"):
                self.load()
            for name, shape in shapes.items():
                self._interpreter.resize_tensor_input(self._indices[name], shape)
            with _silence_note():
                self._interpreter.allocate_tensors()
            self._allocated = shapes
        for name, value in inputs.items():
            self._interpreter.set_tensor(self._indices[name], value)
        self._interpreter.invoke()
        logits: np.ndarray = self._interpreter.get_tensor(self._output)  # a copy
        return logits


@contextlib.contextmanager
def _silence_note() -> Iterator[None]:
    """Keep LiteRT's note about its first delegate from the console: its log level cannot be set."""
    with contextlib.nullcontext() if _NOTED.is_set() else silence_stderr():
        _NOTED.set()
        yield
