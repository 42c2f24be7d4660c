"""An exported model as TensorFlow Serving runs it: a graph and a session, asked by the names of its signatures."""

from __future__ import annotations

import copy
import functools
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session

from tfx_ocr.serving.c_loader import check_loads
from tfx_ocr.serving.signature import Signature

NODES = re.compile(r"\{\{(function_)?node [^{}]*\}\} ?")  # of a graph, in an error's text

__all__ = ["Export", "Signature", "check_loads"]


class Export:
    """A loaded SavedModel. `answer` and `run` may be called from several threads.

    Attributes:
        path: of its folder.
        signatures: those that Predict asks, by name, without TensorFlow's own `__saved_model_init_op`.
        signature_defs: all that the SavedModel has, as they stand in it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        tags: Sequence[str] = (tf.saved_model.SERVING,),
        config: tf.compat.v1.ConfigProto | None = None,
    ):
        """Load.

        Args:
            path: of its folder.
            tags: of the graph in it.
            config: of the session; None: TensorFlow's defaults.

        Raises:
            ValueError: there is no model for serving in `path`.
        """
        self.path = os.fspath(path)
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph, config=_inlined(config))
        try:
            with graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, list(tags), self.path)
            self._session._extend_graph()  # a model without variables has run nothing yet
        except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
            self._session.close()
            raise ValueError(f"{self.path} holds no model that can be served: {get_first_line(error)}") from error
        graph.finalize()
        self._output = functools.cache(lambda name: graph.get_tensor_by_name(name)._as_tf_output())
        # copies: a part of the loaded message would keep the whole graph in memory
        self.signature_defs = {name: copy.deepcopy(definition) for name, definition in loaded.signature_def.items()}
        self._definitions = {
            name: definition
            for name, definition in self.signature_defs.items()
            if definition.method_name == tf.saved_model.PREDICT_METHOD_NAME
        }
        self.signatures = {name: Signature.of(definition) for name, definition in self._definitions.items()}

    def answer(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Ask one batch.

        Args:
            signature: name in `signatures`.
            inputs: an array for each of the signature's inputs; texts as bytes.

        Returns:
            An array for each of its outputs; texts as bytes in arrays of objects.

        Raises:
            ValueError: there is no such signature, the inputs are not its own, or the model fails on them.
        """
        if signature not in self._definitions:
            raise ValueError(f"{self.path} has no signature {signature!r}; it has {', '.join(sorted(self.signatures))}")
        definition = self._definitions[signature]
        if set(inputs) != set(definition.inputs):
            raise ValueError(
                f"{signature} of {self.path} takes {', '.join(sorted(definition.inputs))}, "
                f"and was given {', '.join(sorted(inputs)) or 'nothing'}"
            )
        questions = {definition.inputs[name].name: value for name, value in inputs.items()}
        fetches = {name: tensor.name for name, tensor in definition.outputs.items()}
        try:
            return self._session.run(fetches, questions)
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise ValueError(f"{signature} of {self.path} gives no answer: {get_first_line(error)}") from error

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str], timeout_s: float | None = None
    ) -> list[np.ndarray]:
        """Run the session on tensors by their names in the graph, as TensorFlow Serving runs it.

        Types are held against the graph; shapes are left to its operations, where `answer` holds them against the
        signature: TensorFlow Serving takes `[3]` where a signature says `[-1, 1]`, if the graph does.

        Args:
            feeds: tensor name to value; texts as bytes in arrays of objects.
            fetches: tensor names.
            timeout_s: after which the run is given up; None: never.

        Returns:
            An array for each of `fetches`.

        Raises:
            tf.errors.OpError: the run failed, or took longer.
        """
        session = self._session
        inputs = {self._output(name): value for name, value in feeds.items()}
        outputs = [self._output(name) for name in fetches]
        if timeout_s is None:
            return session._call_tf_sessionrun(None, inputs, outputs, [], None)
        options = tf.compat.v1.RunOptions(timeout_in_ms=max(1, int(timeout_s * 1000)))
        buffer: Any = pywrap_tf_session.TF_NewBufferFromString(options.SerializeToString())
        try:
            return session._call_tf_sessionrun(buffer, inputs, outputs, [], None)
        finally:
            pywrap_tf_session.TF_DeleteBuffer(buffer)

    def close(self) -> None:
        """Free what it holds."""
        self._session.close()

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _inlined(config: tf.compat.v1.ConfigProto | None) -> tf.compat.v1.ConfigProto:
    """The same settings; the graph's functions become part of it instead of being called.

    A called function that fails leaves what its operations would have met in, and the error, in a list of the process
    that TensorFlow never empties: a kilobyte and more for every bad picture.
    """
    inlined = tf.compat.v1.ConfigProto()
    if config is not None:
        inlined.CopyFrom(config)
    inlined.graph_options.optimizer_options.do_function_inlining = True
    return inlined


def get_first_line(error: Exception) -> str:
    """What went wrong, without TensorFlow's heading above it, its account of where below, and its nodes before it."""
    said = NODES.sub("", str(getattr(error, "message", "")) or str(error))
    lines = said.strip().splitlines()
    told = (line for line in lines if line.strip() and line.strip() != "Graph execution error:")
    return next(told, type(error).__name__)
