"""The exported model: three functions in a row, pixels, network, answer, under two signatures."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.inputs import input_named
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import task_named
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import alphabet


class Served(tf.Module):
    """What TensorFlow Serving loads: every variable and table is reached from here."""

    def __init__(self, model: keras.Model, transform: tft.TFTransformOutput, part: Part):
        super().__init__()
        self._weights = [weight.value for weight in model.weights]
        self._transform = transform.transform_features_layer()
        self._model = _Untracked(model)
        self._part = _Untracked(part)
        self._input: ModuleType = input_named(part.input)
        self._task: ModuleType = task_named(part.task)

    def pixels(self, raw: dict[str, tf.Tensor]) -> Any:
        """Record features to what the network takes, such as pictures, by the transform graph."""
        spec = self._part.it.spec
        return self._input.scale(self._input.batch(self._transform(raw), spec), spec)

    def answer(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Record features to named answers."""
        part = self._part.it
        logits = self._model.it(self.pixels(raw), training=False)
        return self._task.answers(logits, raw, alphabet(part.alphabet), part.serving)

    @tf.function
    def serving_default(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialized tf.Examples [batch] to answers; the label is not asked for."""
        return self.answer(tf.io.parse_example(examples, self._input.RAW))

    @tf.function
    def serve(self, **asked: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the input asks for, such as `image_bytes` [batch], to answers."""
        return self.answer(self._input.raw(asked))


class _Untracked:
    """Keeps what is no part of the SavedModel, such as Keras's own objects, out of its object graph."""

    def __init__(self, it: Any):
        self.it = it


def export(model: keras.Model, transform: tft.TFTransformOutput, part: Part, path: str) -> None:
    """Write the SavedModel.

    Args:
        model: trained.
        transform: the run's transform graph.
        part: the recipe's trainer part.
        path: folder to write, such as `fn_args.serving_model_dir`.
    """
    served = Served(model, transform, part)
    kind = input_named(part.input)
    tf.saved_model.save(
        served,
        path,
        signatures={
            features.SERVING_DEFAULT: served.serving_default.get_concrete_function(
                tf.TensorSpec([None], tf.string, features.EXAMPLES_IN)
            ),
            kind.SIGNATURE: served.serve.get_concrete_function(**kind.ASKED),
        },
    )
