"""A SavedModel as TensorFlow Serving runs it: a graph and a session."""

from __future__ import annotations

import concurrent.futures
import copy
import functools
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import message

from tfx_ocr.data.quiet import silence_stderr
from tfx_ocr.serving import messages
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.runtimes.runtime import Options, Runtime, get_first_line
from tfx_ocr.serving.signature import read_signatures

with silence_stderr():  # TensorFlow 2.21 remarks on the processor before it looks at its log level
    import tensorflow as tf
    from tensorflow.python.client import pywrap_tf_session

THREADS = 64  # of runs with a long limit; more wait
LONG_S = 5.0  # from which on a limit is long: our client gives 10, REST 30


class SavedModel(Runtime):
    """See `Runtime`.

    Types are held against the graph; shapes are left to its operations, as TensorFlow Serving leaves them: it takes
    `[3]` where a signature says `[-1, 1]`, if the graph does.
    """

    def __init__(self, path: Path, name: str, version: str, options: Options):
        """Load.

        Raises:
            ValueError: `path` holds no model that can be served.
        """
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph, config=_configure(options))
        try:
            with graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, list(options.tags), str(path))
            self._session._extend_graph()  # a model without variables has run nothing yet
        except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
            self._session.close()
            raise ValueError(f"{path} holds no model that can be served: {get_first_line(error)}") from error
        graph.finalize()
        self._is_slow = False  # whether a run was given up at a long limit
        self._threads = concurrent.futures.ThreadPoolExecutor(THREADS, thread_name_prefix="session")
        # parts of the loaded message would keep the whole graph in memory
        definitions = {
            name: messages.SignatureDef.FromString(definition.SerializeToString())
            for name, definition in loaded.signature_def.items()
        }
        super().__init__(path, name, version, read_signatures(definitions), definitions)
        find = functools.cache(lambda name: graph.get_tensor_by_name(name)._as_tf_output())
        self._feed = functools.cache(lambda signature, alias: find(definitions[signature].inputs[alias].name))
        self._fetch = functools.cache(lambda signature, alias: find(definitions[signature].outputs[alias].name))

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], timeout_s: float | None
    ) -> list[np.ndarray]:
        """See `Runtime`."""
        return self.run_together({signature: outputs}, inputs, timeout_s)[0]

    def run_together(
        self, outputs: Mapping[str, Sequence[str]], inputs: Mapping[str, np.ndarray], timeout_s: float | None
    ) -> list[list[np.ndarray]]:
        """See `Runtime`. One run of the session, on the thread that asks."""
        feeds = {self._feed(signature, alias): value for signature in outputs for alias, value in inputs.items()}
        fetches = [self._fetch(signature, alias) for signature, names in outputs.items() for alias in names]
        values = iter(self._run_session(feeds, fetches, timeout_s))
        return [list(itertools.islice(values, len(names))) for names in outputs.values()]

    def close(self) -> None:
        """See `Runtime`."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    def _run_session(self, feeds: Mapping[Any, np.ndarray], fetches: list[Any], timeout_s: float | None) -> Any:
        """Run the session, and end the run at its limit.

        TensorFlow never frees 0.7 kB of each run that fails, if it was given a limit. So a run with a long limit, which
        is there for what goes wrong, gets none: it is waited for on another thread. Once such a run was given up, which
        does not end it, TensorFlow gets every limit.
        """
        if timeout_s is None or timeout_s < LONG_S or self._is_slow:
            return self._call_session(feeds, fetches, timeout_s)
        future = self._threads.submit(self._call_session, feeds, fetches)
        try:
            return future.result(timeout_s)
        except concurrent.futures.TimeoutError:
            self._is_slow = True
            future.cancel()
            raise RequestError(str(self.path), "DEADLINE_EXCEEDED", "Timed out waiting for the model") from None
        finally:
            del future  # its error holds this frame: see `batching._run_together`

    def _call_session(self, feeds: Mapping[Any, np.ndarray], fetches: list[Any], timeout_s: float | None = None) -> Any:
        limit = {} if timeout_s is None else {"timeout_in_ms": max(1, int(timeout_s * 1000))}
        options = tf.compat.v1.RunOptions(**limit).SerializeToString()
        buffer: Any = pywrap_tf_session.TF_NewBufferFromString(options) if limit else None
        try:
            return self._session._call_tf_sessionrun(buffer, feeds, fetches, [], None)
        except UnicodeDecodeError as error:  # TensorFlow's words hold bytes of the request, such as a PNG's
            raise ValueError(error.object.decode("utf-8", "backslashreplace")) from None
        finally:
            if buffer:
                pywrap_tf_session.TF_DeleteBuffer(buffer)


def _configure(options: Options) -> tf.compat.v1.ConfigProto:
    """Configure a session so that the graph's functions become part of it instead of being called.

    A called function that fails leaves what its operations would have met in, and the error, in a list of the process
    that TensorFlow never empties: a kilobyte and more for every bad picture.
    """
    config = tf.compat.v1.ConfigProto(
        allow_soft_placement=True,  # a graph may name devices that this machine lacks
        intra_op_parallelism_threads=options.intra_op_threads,
        inter_op_parallelism_threads=options.inter_op_threads,
    )
    config.graph_options.optimizer_options.do_function_inlining = True
    return config


def read_definitions(path: Path, tags: Sequence[str]) -> dict[str, Any]:
    """Read a SavedModel's signatures without loading it.

    Raises:
        ValueError: it cannot be read, or has no graph of these tags.
    """
    try:
        saved_model = messages.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    except (OSError, message.DecodeError) as error:
        raise ValueError(f"{path} holds no model that can be served: {error}") from error
    for graph in saved_model.meta_graphs:
        if set(graph.meta_info_def.tags) == set(tags):
            return {name: copy.deepcopy(definition) for name, definition in graph.signature_def.items()}
    raise ValueError(f"{path} holds no model that can be served: it has no graph with the tags {', '.join(tags)}")
