"""An export in its fast form: pixels and answers by a session, the network between them by TFLite."""

from __future__ import annotations

import concurrent.futures
import contextlib
import copy
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import message
from tensorflow.core.protobuf import saved_model_pb2

from tfx_ocr.data import features
from tfx_ocr.serving.export import Export
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.tflite import DEFAULT, TFLiteModel

NETWORK_TAKES, NETWORK_GIVES = f"{DEFAULT}/", f"{DEFAULT}/{features.LOGITS}"  # tensors of `TFLiteModel`
MOST_THREADS = 4  # of a run: shared among more, a layer leaves each too little

Left = Callable[[], float | None]  # seconds until a request is given up; None: never


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Around:
    """A signature's tensors in the parts before and after the network.

    Attributes:
        before: what is asked, by its name in the SavedModel.
        takes: what the network takes, in its order.
        after: what is asked, likewise.
        logits: what the network gives.
        answers: what is answered, by its name in the SavedModel.
    """

    before: Mapping[str, str]
    takes: Sequence[str]
    after: Mapping[str, str]
    logits: str
    answers: Mapping[str, str]


class FastModel:
    """Answers as the SavedModel beside it, under its signatures. `run` may be called from several threads.

    The network takes one row at a time, so that no answer can hang on what else is in its batch: on interpreters of one
    thread each or, where one request of one row is all there is, on one with a thread a core (docs/decisions/0012).

    Attributes:
        signature_defs: by name, as they stand in the SavedModel.
    """

    def __init__(self, path: Path, tags: Sequence[str], config: tf.compat.v1.ConfigProto, interpreters: int):
        """Load.

        Args:
            path: a version's folder, with a fast form in it.
            tags: of the SavedModel's graph.
            config: of the session.
            interpreters: rows that run at once, and threads of the one for a row alone, at most `MOST_THREADS`.

        Raises:
            ServingError: the network is no TFLite model.
            ValueError: the SavedModel has no graph of these tags, or what lies around the network cannot be loaded.
        """
        folder = path / features.FAST
        self.signature_defs = _signature_defs(path, tags)
        self._narrow = TFLiteModel(folder / features.FAST_NETWORK, interpreters, threads=1)
        self._wide = TFLiteModel(folder / features.FAST_NETWORK, 1, threads=min(interpreters, MOST_THREADS))
        self._takes = [NETWORK_TAKES + name for name in self._narrow.signature_defs[DEFAULT].inputs]
        self._outside = Export(folder, config=config)
        self._around = {
            info.name: self._around_of(name, definition)
            for name, definition in self.signature_defs.items()
            if name + features.PIXELS_PART in self._outside.signatures
            for info in definition.outputs.values()
        }
        self._interpreters = interpreters
        self._asking, self._lock = 0, threading.Lock()
        self._pool = concurrent.futures.ThreadPoolExecutor(interpreters, thread_name_prefix="network")

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str], timeout_s: float | None = None
    ) -> list[np.ndarray]:
        """Run a signature on its tensors, by their names in the SavedModel.

        Args:
            feeds: tensor name to value; texts as bytes in arrays of objects.
            fetches: tensor names.
            timeout_s: after which it is given up between two steps; None: never.

        Raises:
            tf.errors.OpError: a run of the session failed.
            ServingError: it was given up.
            ValueError: what is fetched is of no signature that has a fast form.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s

        def left() -> float | None:
            return None if deadline is None else max(0.0, deadline - time.monotonic())

        around = self._around.get(fetches[0])
        if around is None:
            raise ValueError(f"{fetches[0]} is of no signature that has a fast form")
        asked = {around.before[name]: value for name, value in feeds.items()}
        answered = {around.after[name]: value for name, value in feeds.items()}
        with self._counted():
            taken = self._outside.run(asked, around.takes)
            answered[around.logits] = self._logits(taken, left)
        return self._outside.run(answered, [around.answers[name] for name in fetches])

    def close(self) -> None:
        """Free what it holds."""
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

    def _around_of(self, name: str, whole: Any) -> _Around:
        before, after = (
            self._outside.signature_defs[name + part] for part in (features.PIXELS_PART, features.ANSWER_PART)
        )
        return _Around(
            before={info.name: before.inputs[key].name for key, info in whole.inputs.items()},
            takes=[before.outputs[takes.removeprefix(NETWORK_TAKES)].name for takes in self._takes],
            after={info.name: after.inputs[key].name for key, info in whole.inputs.items()},
            logits=after.inputs[features.LOGITS].name,
            answers={info.name: after.outputs[key].name for key, info in whole.outputs.items()},
        )

    def _logits(self, taken: Sequence[np.ndarray], left: Left) -> np.ndarray:
        """Run the network on each row, by as many interpreters as there are, or by the one for a row alone."""
        rows = len(taken[0])
        if not rows:  # TFLite spoils its memory where there is none
            return self._logits([np.zeros((1, *each.shape[1:]), each.dtype) for each in taken], left)[:0]
        if rows == 1:
            return self._row(self._wide if self._asking == 1 else self._narrow, taken, left())

        def run(numbers: np.ndarray) -> list[np.ndarray]:
            return [self._row(self._narrow, [each[n : n + 1] for each in taken], left()) for n in numbers]

        shares = np.array_split(np.arange(rows), min(rows, self._interpreters))
        return np.concatenate([row for share in self._pool.map(run, shares) for row in share])

    def _row(self, network: TFLiteModel, taken: Sequence[np.ndarray], timeout_s: float | None) -> np.ndarray:
        if timeout_s == 0.0:
            raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "Timed out before the network ran")
        return network.run(dict(zip(self._takes, taken, strict=True)), [NETWORK_GIVES], timeout_s)[0]


def _signature_defs(path: Path, tags: Sequence[str]) -> dict[str, Any]:
    """A SavedModel's signatures, without loading it.

    Raises:
        ValueError: there is none with a graph of these tags.
    """
    try:
        saved_model = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    except (OSError, message.DecodeError) as error:
        raise ValueError(f"{path} holds no model that can be served: {error}") from error
    for graph in saved_model.meta_graphs:
        if set(graph.meta_info_def.tags) == set(tags):
            return {name: copy.deepcopy(definition) for name, definition in graph.signature_def.items()}
    raise ValueError(f"{path} holds no model that can be served: it has no graph with the tags {', '.join(tags)}")
