"""What lies around a network in an export: pixels before it, answers after it, without a weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet

Tensors = dict[str, tf.Tensor]
Signatures = dict[
    str, tuple[Callable[..., Tensors], Mapping[str, tf.TensorSpec]]
]  # functions of named tensors, and those


class ServingGraph(tf.Module):
    """Pixels and answers; every table is reached from here."""

    def __init__(self, transform: tft.TFTransformOutput, part: Part):
        super().__init__()
        self._transform = transform.transform_features_layer()
        self._part = Untracked(part)
        self._input: ModuleType = get_input(part.input)
        self._task: ModuleType = get_task(part.task)

    def asked(self) -> dict[str, dict[str, tf.TensorSpec]]:
        """Signature to its inputs."""
        examples = tf.TensorSpec([None], tf.string, features.EXAMPLES_IN)
        return {features.SERVING_DEFAULT: {features.EXAMPLES_IN: examples}, self._input.SIGNATURE: self._input.ASKED}

    def raw(self, asked: Tensors) -> Tensors:
        """What either signature is asked to record features; the label is not asked for."""
        if features.EXAMPLES_IN in asked:
            return tf.io.parse_example(asked[features.EXAMPLES_IN], self._input.RAW)
        return self._input.raw(asked)

    def pixels(self, raw: Tensors) -> Any:
        """Record features to what the network takes, such as pictures, by the transform graph."""
        spec = self._part.it.spec
        return self._input.scale(self._input.batch(self._transform(raw), spec), spec)

    def answers(self, logits: tf.Tensor, raw: Tensors) -> Tensors:
        """What the network gives, and what it was asked about, to named answers."""
        part = self._part.it
        return self._task.answers(logits, raw, get_alphabet(part.alphabet), part.serving)


class Untracked:
    """Keeps what is no part of a SavedModel, such as Keras's own objects, out of its object graph."""

    def __init__(self, it: Any):
        self.it = it


def save(module: tf.Module, signatures: Signatures, path: str) -> None:
    """Write a SavedModel.

    Args:
        module: from which every variable and table is reached.
        signatures: by name.
        path: folder to write.
    """
    concrete = {
        name: tf.function(function).get_concrete_function(**inputs) for name, (function, inputs) in signatures.items()
    }
    tf.saved_model.save(module, path, signatures=concrete)
