"""An export in its fast form: pixels and answers by a session, the network between them by TFLite."""

from __future__ import annotations

import concurrent.futures
import copy
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfx_ocr.data import features
from tfx_ocr.serving.export import Export
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.tflite import DEFAULT, TFLiteModel

NETWORK_TAKES, NETWORK_GIVES = f"{DEFAULT}/", f"{DEFAULT}/{features.LOGITS}"  # tensors of `TFLiteModel`

Arrays = dict[str, np.ndarray]
Left = Callable[[], float | None]  # seconds until a request is given up; None: never


class FastModel:
    """Answers as the SavedModel beside it, under its signatures. `run` may be called from several threads.

    The network takes one row at a time, on interpreters of one thread each: more rows in a run or more threads were no
    quicker (docs/decisions/0012), and no answer can hang on what else is in its batch.

    Attributes:
        signature_defs: by name, as they stand in the SavedModel.
    """

    def __init__(self, path: Path, tags: Sequence[str], config: tf.compat.v1.ConfigProto, interpreters: int):
        """Load.

        Args:
            path: a version's folder, with a fast form in it.
            tags: of the SavedModel's graph.
            config: of the session.
            interpreters: rows that run at once.

        Raises:
            ServingError: the network is no TFLite model, or the SavedModel has no graph of these tags.
            ValueError: what lies around the network cannot be loaded.
        """
        folder = path / features.FAST
        self.signature_defs = _signature_defs(path, tags)
        self._network = TFLiteModel(folder / features.FAST_NETWORK, interpreters, threads=1)
        self._takes = [*self._network.signature_defs[DEFAULT].inputs]
        self._outside = Export(folder, config=config)
        self._signature_of = {
            info.name: name
            for name, definition in self.signature_defs.items()
            if name + features.PIXELS_PART in self._outside.signatures
            for info in definition.outputs.values()
        }
        self._interpreters = interpreters
        self._pool = concurrent.futures.ThreadPoolExecutor(interpreters, thread_name_prefix="network")

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str], timeout_s: float | None = None
    ) -> list[np.ndarray]:
        """Run a signature on its tensors, by their names in the SavedModel.

        Args:
            feeds: tensor name to value; texts as bytes in arrays of objects.
            fetches: tensor names.
            timeout_s: after which a run of the session, or the wait for an interpreter, is given up; None: never.

        Raises:
            tf.errors.OpError: a run of the session failed, or took longer.
            ServingError: no interpreter is free in time.
            ValueError: what is fetched is of no signature that has a fast form.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s

        def left() -> float | None:
            return None if deadline is None else max(0.0, deadline - time.monotonic())

        name = self._signature_of.get(fetches[0])
        if name is None:
            raise ValueError(f"{fetches[0]} is of no signature that has a fast form")
        whole = self.signature_defs[name]
        asked = {key: feeds[info.name] for key, info in whole.inputs.items()}
        outputs = {info.name: key for key, info in whole.outputs.items()}
        pixels = self._part(name + features.PIXELS_PART, asked, self._takes, left)
        logits = self._logits(dict(zip(self._takes, pixels, strict=True)), left)
        answered = {**asked, features.LOGITS: logits}
        return self._part(name + features.ANSWER_PART, answered, [outputs[each] for each in fetches], left)

    def close(self) -> None:
        """Free what it holds."""
        self._pool.shutdown()
        self._outside.close()
        self._network.close()

    def _part(self, name: str, inputs: Arrays, wanted: Sequence[str], left: Left) -> list[np.ndarray]:
        """Run what comes before or after the network."""
        definition = self._outside.signature_defs[name]
        feeds = {definition.inputs[key].name: value for key, value in inputs.items()}
        return self._outside.run(feeds, [definition.outputs[key].name for key in wanted], left())

    def _logits(self, takes: Arrays, left: Left) -> np.ndarray:
        """Run the network on each row, by as many interpreters as there are."""
        rows = len(next(iter(takes.values())))
        if not rows:  # TFLite spoils its memory where there is none
            return self._logits({key: np.zeros((1, *of.shape[1:]), of.dtype) for key, of in takes.items()}, left)[:0]

        def run(numbers: np.ndarray) -> list[np.ndarray]:
            return [self._row({key: of[n : n + 1] for key, of in takes.items()}, left) for n in numbers]

        shares = np.array_split(np.arange(rows), min(rows, self._interpreters))
        found = map(run, shares) if len(shares) == 1 else self._pool.map(run, shares)
        return np.concatenate([each for share in found for each in share])

    def _row(self, takes: Arrays, left: Left) -> np.ndarray:
        feeds = {NETWORK_TAKES + key: value for key, value in takes.items()}
        return self._network.run(feeds, [NETWORK_GIVES], left())[0]


def _signature_defs(path: Path, tags: Sequence[str]) -> dict[str, Any]:
    """A SavedModel's signatures, without loading it."""
    graphs = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes()).meta_graphs
    for graph in graphs:
        if set(graph.meta_info_def.tags) == set(tags):
            return {name: copy.deepcopy(definition) for name, definition in graph.signature_def.items()}
    raise ServingError(grpc.StatusCode.NOT_FOUND, f"{path} has no graph with the tags {', '.join(tags)}")
