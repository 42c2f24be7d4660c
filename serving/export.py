"""An exported model as TensorFlow Serving runs it: a graph and a session, asked by the names of its signatures."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tfx_ocr.serving.c_loader import load_check
from tfx_ocr.serving.signature import Signature

__all__ = ["Export", "Signature", "load_check"]


class Export:
    """A loaded SavedModel. `answer` may be called from several threads.

    Attributes:
        path: of its folder.
        signatures: by name, without TensorFlow's own `__saved_model_init_op`.
    """

    def __init__(self, path: str | os.PathLike[str]):
        """Load.

        Raises:
            ValueError: there is no model for serving in `path`.
        """
        self.path = os.fspath(path)
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        try:
            with graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, [tf.saved_model.SERVING], self.path)
        except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
            self._session.close()
            raise ValueError(f"{self.path} holds no model that can be served: {_first_line(error)}") from error
        graph.finalize()
        self._definitions = {
            name: definition
            for name, definition in loaded.signature_def.items()
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
            raise ValueError(f"{signature} of {self.path} gives no answer: {_first_line(error)}") from error

    def close(self) -> None:
        """Free what it holds."""
        self._session.close()

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _first_line(error: Exception) -> str:
    """What went wrong, without TensorFlow's heading above it and its account of where below."""
    lines = (str(getattr(error, "message", "")) or str(error)).strip().splitlines()
    return next(line for line in lines if line.strip() and line.strip() != "Graph execution error:")
