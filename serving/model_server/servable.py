"""One loaded version of a model: its signatures, the runtime behind them, and its users."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

import numpy as np

from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.model_server import batching
from tfx_ocr.serving.model_server.errors import from_tensorflow
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.runtimes.runtime import Runtime


class Servable:
    """A version that answers. Callers retain it while they ask; it is closed when the last has released it.

    Attributes:
        name: of the model.
        version: its number.
        definitions: SignatureDefs by name, as they stand in the model.
    """

    def __init__(
        self,
        name: str,
        version: int,
        model: Runtime,
        monitoring: Monitoring,
        scheduler: batching.BatchScheduler | None = None,
    ):
        self.name = name
        self.version = version
        self.definitions = model.definitions
        self._model = model
        self._monitoring = monitoring
        self._scheduler = scheduler
        self._users = 0
        self._idle = threading.Condition()

    def ask(
        self,
        outputs: Mapping[str, Sequence[str]],
        inputs: Mapping[str, np.ndarray],
        timeout_s: float | None = None,
        api: str = "Predict",
    ) -> dict[str, dict[str, np.ndarray]]:
        """Ask one or more signatures with the same inputs, in a batch with other requests where there are batches.

        Args:
            outputs: signature to the names of its outputs to return.
            inputs: an array for each input, which is the same for all signatures.
            timeout_s: seconds after which the request is given up; None: never.
            api: whose request it is, for the metrics.

        Returns:
            An array for each output, by signature.

        Raises:
            ServingError: the model fails, takes longer, or the queue is full.
        """

        def run(inputs: batching.Inputs, timeout_s: float | None) -> batching.Outputs:
            found = self._model.ask_together(outputs, inputs, timeout_s)
            return {(signature, name): value for signature, values in found.items() for name, value in values.items()}

        begin = time.monotonic()
        if self._scheduler is None:
            try:
                found = run(inputs, timeout_s)
            except RequestError as error:
                raise from_tensorflow(error) from error
        else:
            queue = (self, tuple((signature, *names) for signature, names in outputs.items()))
            futures = self._scheduler.submit(run, queue, inputs, timeout_s, self._monitoring.observe_batch)
            for future in futures:  # a batch may run on after this request was given up
                self.retain()
                future.add_done_callback(lambda _: self.release())
            found = batching.wait(futures, timeout_s)
        self._monitoring.observe_run(self.name, time.monotonic() - begin, api)
        return {signature: {name: found[signature, name] for name in names} for signature, names in outputs.items()}

    def retain(self) -> None:
        """Use it. Only where it is certain that it is not closed: the manager's lock, or another use."""
        with self._idle:
            self._users += 1

    def release(self) -> None:
        """End one use."""
        with self._idle:
            self._users -= 1
            self._idle.notify_all()

    def close(self) -> None:
        """Wait for the last release, then close the runtime."""
        with self._idle:
            self._idle.wait_for(lambda: not self._users)
        self._model.close()
