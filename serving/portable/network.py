"""A network as LiteRT runs it: any number of rows, from several threads, in flat memory."""

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

_NOTED = threading.Event()  # whether LiteRT has told about its delegate: once per process

ROWS = 16  # that run at once; those left over run one by one, so that shapes change rarely


class Network:
    """A `network.tflite` of inputs [rows, ...] and one output, the logits. `run` may be called from several threads."""

    def __init__(self, path: Path, workers: int = 1, threads: int | None = None):
        """Load.

        Args:
            path: of the file.
            workers: runs at once; more wait.
            threads: of one run; None for as many as there are cores.

        Raises:
            ValueError: the file is missing, damaged, or needs operations that the interpreter lacks.
        """
        try:
            self._content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from None
        self._path, self._threads = path, threads or os.cpu_count() or 1
        self._free: queue.LifoQueue[dict[int, _Fixed]] = queue.LifoQueue()
        first = self._load(1)
        self.inputs = first.shapes
        self._free.put({1: first})
        for _ in range(workers - 1):
            self._free.put({})

    def run(self, inputs: Mapping[str, np.ndarray], timeout_s: float | None = None) -> np.ndarray:
        """Return the logits of any number of rows.

        Args:
            inputs: by name, [rows, ...] each.
            timeout_s: seconds until it is given up; None for no limit. The interpreter's own run is not interrupted.

        Raises:
            TimeoutError: no worker got free in time, or rows were left when it was over.
        """
        rows = len(next(iter(inputs.values())))
        if not rows:
            one = {name: np.zeros((1, *value.shape[1:]), value.dtype) for name, value in inputs.items()}
            return self.run(one, timeout_s)[:0]
        deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
        try:
            worker = self._free.get(timeout=None if timeout_s is None else max(timeout_s, 0.0))
        except queue.Empty:
            raise TimeoutError("Timed out waiting for an interpreter") from None
        try:
            whole = rows - rows % ROWS
            edges = [*range(0, whole, ROWS), *range(whole, rows)]
            parts = []
            for begin, end in zip(edges, [*edges[1:], rows], strict=True):
                if time.monotonic() >= deadline:
                    raise TimeoutError("Timed out before the network ran")
                count = end - begin
                if count not in worker:
                    worker[count] = self._load(count)
                parts.append(worker[count].run({name: value[begin:end] for name, value in inputs.items()}))
        finally:
            self._free.put(worker)
        return np.concatenate(parts)

    def close(self) -> None:
        """Release the interpreters."""
        while not self._free.empty():
            self._free.get_nowait()

    def _load(self, rows: int) -> _Fixed:
        try:
            return _Fixed(Interpreter(model_content=self._content, num_threads=self._threads), rows)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{self._path} is not a network that LiteRT runs: {error}") from None


class _Fixed:
    """An interpreter for one number of rows."""

    def __init__(self, interpreter: Interpreter, rows: int):
        self._interpreter = interpreter
        details = interpreter.get_input_details()
        names = {name: next(each for each in details if _name(each) == name) for name in sorted(map(_name, details))}
        self._indices = {name: each["index"] for name, each in names.items()}
        self.shapes = {name: tuple(each["shape_signature"].tolist()) for name, each in names.items()}
        self._output = interpreter.get_output_details()[0]["index"]
        self._allocated: dict[str, tuple[int, ...]] = {}
        self._rows = rows

    def run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        shapes = {name: value.shape for name, value in inputs.items()}
        if shapes != self._allocated:
            for name, shape in shapes.items():
                self._interpreter.resize_tensor_input(self._indices[name], shape)
            with _silence_stderr():
                self._interpreter.allocate_tensors()
            self._allocated = shapes
        for name, value in inputs.items():
            self._interpreter.set_tensor(self._indices[name], value)
        self._interpreter.invoke()
        logits: np.ndarray = self._interpreter.get_tensor(self._output)  # a copy
        return logits


def _name(detail: Mapping[str, str]) -> str:
    """Return the input's own name: the converter writes `serving_default_pixels:0` and the like."""
    return detail["name"].removeprefix("serving_default_").partition(":")[0]


@contextlib.contextmanager
def _silence_stderr() -> Iterator[None]:
    """Keep LiteRT's note about its first delegate from the console: its log level cannot be set."""
    if _NOTED.is_set():
        yield
        return
    _NOTED.set()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
