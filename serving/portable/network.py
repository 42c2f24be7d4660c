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
from tfx_ocr.data.pixels.strip import measure_widths
from tfx_ocr.data.quiet import silence_stderr

_NOTED = threading.Event()  # whether LiteRT has told about its delegate: once per process

ANY_WIDTH = -1  # as LiteRT writes it
ROWS = 16  # that run at once, so that memory does not grow with the batch


class Network:
    """A `network.tflite` of inputs [rows, ...] and one output, the logits. Threads may share it."""

    def __init__(self, path: Path, workers: int = 1, threads: int | None = None, ink: float | None = None):
        """Load.

        Args:
            path: of the file.
            workers: that are taken at once; more wait.
            threads: of one worker; None for all cores where it is the only one taken, and one where there are others.
            ink: of strips of text, the value from which on a pixel is ink: a network that takes strips of any width is
                given no more of one than its line needs.

        Raises:
            ValueError: the file is missing, damaged, or needs operations that the interpreter lacks.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from None
        self._alone = Worker(content, threads or os.cpu_count() or 1, ink)
        try:
            self._alone.load()
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{path} is not a network that LiteRT runs: {error}") from None
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        for _ in range(workers):
            self._free.put(Worker(content, threads or 1, ink))
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

    def __init__(self, content: bytes, threads: int, ink: float | None = None):
        self._content, self._threads, self._ink = content, threads, ink
        self._allocated: dict[str, tuple[int, ...]] = {}

    def load(self) -> None:
        """Load the interpreter.

        Raises:
            ValueError: the content is damaged.
            RuntimeError: it needs operations that the interpreter lacks.
        """
        self._interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
        first = self._interpreter.get_signature_runner(min(self._interpreter.get_signature_list()))
        taken = first.get_input_details()
        self._indices = {name: each["index"] for name, each in taken.items()}
        pixels = taken.get(features.PIXELS)
        self._is_cut = self._ink is not None and pixels is not None and pixels["shape_signature"][2] == ANY_WIDTH
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
        if not hasattr(self, "_interpreter"):
            self.load()
        if self._is_cut:
            return self._run_strips(inputs[features.PIXELS], deadline)
        parts = []
        for begin in range(0, rows, ROWS):
            _check_time(deadline)
            parts.append(self._run({name: value[begin : begin + ROWS] for name, value in inputs.items()}))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _run_strips(self, strips: np.ndarray, deadline: float) -> np.ndarray:
        """Return the logits of strips [rows, height, width, 1], those that need as many columns run together."""
        assert self._ink is not None
        widths, logits = measure_widths(strips, self._ink), None
        for width in np.unique(widths).tolist():
            alike = np.flatnonzero(widths == width)
            for begin in range(0, len(alike), ROWS):
                _check_time(deadline)
                chosen = alike[begin : begin + ROWS]
                part = self._run({features.PIXELS: np.ascontiguousarray(strips[chosen, :, :width])})
                if logits is None:
                    frames = part.shape[1] * strips.shape[2] // width
                    logits = np.empty((len(strips), frames, part.shape[2]), part.dtype)
                logits[chosen, : part.shape[1]] = part
                logits[chosen, part.shape[1] :] = part[:, -1:]  # paper, as all behind it
        assert logits is not None
        return logits

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
            _check_time(deadline)
            with _silence_note():
                rows.append(explain(**{name: value[row : row + 1] for name, value in inputs.items()}))
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}

    def _run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        shapes = {name: value.shape for name, value in inputs.items()}
        if shapes != self._allocated:
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


def _check_time(deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise TimeoutError("Timed out before the network ran")


@contextlib.contextmanager
def _silence_note() -> Iterator[None]:
    """Keep LiteRT's note about its first delegate from the console: its log level cannot be set."""
    with contextlib.nullcontext() if _NOTED.is_set() else silence_stderr():
        _NOTED.set()
        yield
