"""The exported model: three functions in a row, pixels, network, answer, under two signatures."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.trainer import fast
from tfx_ocr.components.trainer.outside import Outside, Tensors, Untracked, save


class Served(tf.Module):
    """What TensorFlow Serving loads: every variable and table is reached from here."""

    def __init__(self, model: keras.Model, outside: Outside):
        super().__init__()
        self._weights = [weight.value for weight in model.weights]
        self._model = Untracked(model)
        self._outside = outside

    def serve(self, **asked: tf.Tensor) -> Tensors:
        """What a signature is asked, such as `image_bytes` [batch], to answers."""
        raw = self._outside.raw(asked)
        return self._outside.answers(self._model.it(self._outside.pixels(raw), training=False), raw)


def export(model: keras.Model, transform: tft.TFTransformOutput, part: Part, path: str) -> None:
    """Write the SavedModel, and its fast form beside it where the network has one.

    Args:
        model: trained.
        transform: the run's transform graph.
        part: the recipe's trainer part.
        path: folder to write, such as `fn_args.serving_model_dir`.
    """
    outside = Outside(transform, part)
    served = Served(model, outside)
    save(served, {name: (served.serve, inputs) for name, inputs in outside.asked().items()}, path)
    fast.write(model, outside, path)
