"""One loaded version of a model: its signatures, the session or interpreter behind them, and who is using it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfx_ocr.data import features
from tfx_ocr.serving.export import Export
from tfx_ocr.serving.model_server import batching
from tfx_ocr.serving.model_server.errors import ServingError, from_tensorflow
from tfx_ocr.serving.model_server.flags import CPUS, Flags
from tfx_ocr.serving.model_server.monitoring import Monitoring

TFLITE_FILE = "model.tflite"  # TensorFlow Serving's name, beside saved_model.pb
IN_CALLER = -1  # of a session: operations too small to be handed over run one after the other on the thread that asks

log = logging.getLogger(__name__)


class Backend(Protocol):
    """What runs a model: `Export`, `TFLiteModel` or `FastModel`."""

    signature_defs: dict[str, Any]

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str], timeout_s: float | None = None
    ) -> list[np.ndarray]:
        """Run on tensors by name."""

    def close(self) -> None:
        """Free what it holds."""


class Servable:
    """A version that answers. Whoever runs it retains it first: it is closed when nobody does any more.

    Attributes:
        name: of the model.
        version: its number.
        signature_defs: by name, as they stand in the model.
    """

    def __init__(
        self,
        name: str,
        version: int,
        backend: Backend,
        monitoring: Monitoring,
        scheduler: batching.BatchScheduler | None = None,
    ):
        self.name = name
        self.version = version
        self.signature_defs = backend.signature_defs
        self._backend = backend
        self._monitoring = monitoring
        self._scheduler = scheduler
        self._users = 0
        self._idle = threading.Condition()

    def run(
        self,
        feeds: Mapping[str, np.ndarray],
        fetches: Sequence[str],
        timeout_s: float | None = None,
        api: str = "Predict",
    ) -> list[np.ndarray]:
        """Run on tensors by their names in the graph, in a batch with others where there are batches.

        Args:
            feeds: tensor name to value.
            fetches: tensor names.
            timeout_s: after which it is given up; None: never.
            api: whose run it is, for the metrics.

        Raises:
            ServingError: the run failed, took longer, or the queue is full.
        """
        begin = time.monotonic()
        if self._scheduler is None:
            try:
                answer = self._backend.run(feeds, fetches, timeout_s)
            except (tf.errors.OpError, ValueError, TypeError, RuntimeError, MemoryError) as error:
                raise from_tensorflow(error) from error
        else:
            futures = self._scheduler.submit(self._backend.run, self, feeds, fetches, timeout_s, self._on_batch)
            for future in futures:  # a batch may run on when nobody waits for this request any more
                self.retain()
                future.add_done_callback(lambda _: self.release())
            answer = batching.wait(futures, timeout_s)
        self._monitoring.runtime(self.name, time.monotonic() - begin, api)
        return answer

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
        """Wait until nobody uses it, then free what it holds."""
        with self._idle:
            self._idle.wait_for(lambda: not self._users)
        self._backend.close()

    def _on_batch(self, rows: int, padded: int, queue_seconds: float) -> None:
        self._monitoring.batch(self.name, rows, padded, queue_seconds)


def open_backend(path: Path, flags: Flags) -> Backend:
    """Load what lies in a version's folder: where TFLite is preferred and there, that.

    Raises:
        ServingError: there is no model in it that can be served.
    """
    interpreters = (flags.num_tflite_pools or CPUS) * flags.num_tflite_interpreters_per_pool
    tags = flags.saved_model_tags.split(",")
    try:
        if flags.prefer_tflite_model and (path / TFLITE_FILE).is_file():
            from tfx_ocr.serving.model_server.tflite import TFLiteModel  # only where it is asked for

            return TFLiteModel(path / TFLITE_FILE, interpreters, flags.tensorflow_intra_op_parallelism)
        if flags.prefer_tflite_model and (path / features.FAST / features.FAST_NETWORK).is_file():
            from tfx_ocr.serving.model_server.fast import FastModel

            return FastModel(path, tags, _config(flags, inter_op=IN_CALLER), interpreters)
        if flags.prefer_tflite_model:
            log.info("%s has no TFLite form: its SavedModel is served", path)
        return Export(path, tags, _config(flags))
    except ValueError as error:
        cause = error.__cause__ if isinstance(error.__cause__, tf.errors.OpError) else None
        raise ServingError(from_tensorflow(cause or error).code, str(error)) from error


def _config(flags: Flags, inter_op: int = 0) -> tf.compat.v1.ConfigProto:
    """Of a session; `inter_op` where the flags leave the threads between operations to TensorFlow."""
    threads = flags.tensorflow_session_parallelism
    return tf.compat.v1.ConfigProto(
        allow_soft_placement=True,  # a graph may name devices that this machine lacks
        intra_op_parallelism_threads=threads or flags.tensorflow_intra_op_parallelism,
        inter_op_parallelism_threads=threads or flags.tensorflow_inter_op_parallelism or inter_op,
    )
