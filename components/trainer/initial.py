"""Weights that a training begins with: of a weights file, of a version that was exported, or of what ships."""

from __future__ import annotations

import os

import keras

from tfx_ocr.data import pretrained

KEY = "_weights/{}/.ATTRIBUTES/VARIABLE_VALUE"  # of the n-th weight in an export's variables, see `export.Served`


def assign_initial_weights(model: keras.Model, where: str) -> None:
    """Give a model weights in place of its seeds'.

    Args:
        model: built; of the network and head that the weights are of.
        where: path to a Keras weights file, folder of an exported version, or name of weights that ship.

    Raises:
        OSError: there is nothing to be read there.
        ValueError: what is there are not weights of this model.
    """
    if where in pretrained.list_names():
        where = str(pretrained.get_folder(where))
    if os.path.isfile(where):  # trained on another backend, perhaps where TensorFlow is not installed
        model.load_weights(where)
        return
    import tensorflow as tf

    if not tf.io.gfile.isdir(where):
        model.load_weights(where)
        return
    try:
        held = tf.train.load_checkpoint(os.path.join(where, "variables", "variables"))
        values = [held.get_tensor(KEY.format(number)) for number in range(len(model.weights))]
    except (tf.errors.OpError, ValueError, KeyError) as error:
        raise ValueError(f"no export of it: {error}") from error
    if held.has_tensor(KEY.format(len(values))):
        raise ValueError(f"an export of more than its {len(values)} weights")
    model.set_weights(values)
