"""What lies around a network in an export: pixels before it, answers after it, without a weight."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer.model import list_heads
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.serving.portable.answers import build_heat

Tensors = dict[str, tf.Tensor]


class ServingGraph(tf.Module):
    """Graph before and after the network; every table is reached from here."""

    def __init__(self, transform: tft.TFTransformOutput, part: Part):
        super().__init__()
        self._transform_features = transform.transform_features_layer()
        self._part = Untracked(part)
        self._input = get_input(part.input.kind)
        self._task = get_task(part.task).load_graph()

    def get_requests(self) -> dict[str, dict[str, tf.TensorSpec]]:
        """Return each signature's inputs."""
        examples = tf.TensorSpec([None], tf.string, features.EXAMPLES_IN)
        return {
            features.SERVING_DEFAULT: {features.EXAMPLES_IN: examples},
            self._part.value.input.SIGNATURE: self._input.REQUEST,
        }

    def to_raw(self, request: Tensors) -> Tensors:
        """Return the inputs of either signature as record features, without the label."""
        if features.EXAMPLES_IN in request:
            return tf.io.parse_example(request[features.EXAMPLES_IN], self._input.RAW)
        return self._input.to_raw(request)

    def transform(self, raw: Tensors) -> Any:
        """Return what the network takes, such as pictures, from record features, by the transform graph."""
        spec = self._part.value.input
        return self._input.scale(self._input.read_batch(self._transform_features(raw), spec), spec)

    def decode(self, logits: tf.Tensor, raw: Tensors) -> Tensors:
        """Return named outputs from what the network gives and the features of the request."""
        part = self._part.value
        return self._task.decode(logits, raw, get_alphabet(part.alphabet), part.serving)

    def explain(self, pixels: tf.Tensor, heat: tf.Tensor, answers: Tensors) -> Tensors:
        """Return named outputs from pictures as the network takes them, its `heat`, and its answers."""
        part = self._part.value
        heads, (low, high) = tuple(list_heads(part)), part.input.scaled
        return {
            features.LABEL_OUT: answers[features.LABEL_OUT],
            features.PICTURE_OUT: tf.cast(tf.round((pixels - low) * (255.0 / (high - low))), tf.uint8),
            **build_heat(heat, heads if len(heads) > 1 else ()),
        }


class Untracked:
    """Holder of what a SavedModel must not contain, such as Keras's own objects."""

    def __init__(self, value: Any):
        self.value = value
