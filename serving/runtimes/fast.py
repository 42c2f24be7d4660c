"""An export in its fast form: pixels and answers by a session, the network between them by TFLite."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tfx_ocr.data import features
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.runtimes.runtime import Options, Runtime
from tfx_ocr.serving.runtimes.saved_model import SavedModel, read_definitions
from tfx_ocr.serving.runtimes.tflite import DEFAULT, TFLiteModel

MOST_THREADS = 4  # of a run: shared among more, a layer leaves each too little
IN_CALLER = -1  # of a session: operations too small to be handed over run one after the other on the thread that asks

Left = Callable[[], float | None]  # seconds until a request is given up; None: never


class FastModel(Runtime):
    """Answers as the SavedModel beside it, under its signatures: see `Runtime`.

    The network takes one row at a time, so that no answer can hang on what else is in its batch: on interpreters of one
    thread each or, where one request of one row is all there is, on one with a thread a core (docs/decisions/0012).
    `Options.interpreters` is the number of rows that run at once, and of the threads for a row alone, at most
    `MOST_THREADS`.
    """

    def __init__(self, path: Path, name: str, version: str, options: Options):
        """Load.

        Raises:
            ValueError: the network is not a TFLite model, the SavedModel has no graph of these tags, or what lies
                around the network cannot be loaded.
        """
        super().__init__(path, name, version, read_definitions(path, options.tags))
        folder, interpreters = path / features.FAST, options.interpreters

        def load_network(count: int, threads: int) -> TFLiteModel:
            of_network = dataclasses.replace(options, interpreters=count, intra_op_threads=threads)
            return TFLiteModel(folder, name, version, of_network, file=features.FAST_NETWORK)

        self._narrow = load_network(interpreters, threads=1)
        self._wide = load_network(1, threads=min(interpreters, MOST_THREADS))
        in_caller = options.inter_op_threads or IN_CALLER
        self._outside = SavedModel(
            folder, name, version, dataclasses.replace(options, tags=("serve",), inter_op_threads=in_caller)
        )
        self._takes = list(self._narrow.definitions[DEFAULT].inputs)
        self._interpreters = interpreters
        self._asking, self._lock = 0, threading.Lock()
        self._pool = concurrent.futures.ThreadPoolExecutor(interpreters, thread_name_prefix="network")

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], timeout_s: float | None
    ) -> list[np.ndarray]:
        """See `Runtime`. A request whose time is over is given up between two steps."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s

        def left() -> float | None:
            return None if deadline is None else max(0.0, deadline - time.monotonic())

        if signature + features.PIXELS_PART not in self._outside.definitions:
            raise ValueError(f"{signature} has no fast form")
        with self._counted():
            taken = self._outside.run(signature + features.PIXELS_PART, inputs, self._takes, None)
            logits = self._compute_logits(taken, left)
        inputs = {**inputs, features.LOGITS: logits}
        return self._outside.run(signature + features.ANSWER_PART, inputs, outputs, None)

    def close(self) -> None:
        """See `Runtime`."""
        self._pool.shutdown()
        self._outside.close()
        self._narrow.close()
        self._wide.close()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1

    def _compute_logits(self, taken: Sequence[np.ndarray], left: Left) -> np.ndarray:
        """Run the network on each row, by as many interpreters as there are, or by the one for a row alone."""
        rows = len(taken[0])
        if not rows:  # TFLite spoils its memory on a tensor without rows
            return self._compute_logits([np.zeros((1, *each.shape[1:]), each.dtype) for each in taken], left)[:0]
        if rows == 1:
            return self._run_row(self._wide if self._asking == 1 else self._narrow, taken, left())

        def run(numbers: np.ndarray) -> list[np.ndarray]:
            return [self._run_row(self._narrow, [each[n : n + 1] for each in taken], left()) for n in numbers]

        shares = np.array_split(np.arange(rows), min(rows, self._interpreters))
        return np.concatenate([row for share in self._pool.map(run, shares) for row in share])

    def _run_row(self, network: TFLiteModel, taken: Sequence[np.ndarray], timeout_s: float | None) -> np.ndarray:
        if timeout_s == 0.0:
            raise RequestError(str(self.path), "DEADLINE_EXCEEDED", "Timed out before the network ran")
        inputs = dict(zip(self._takes, taken, strict=True))
        return network.run(DEFAULT, inputs, [features.LOGITS], timeout_s)[0]
