"""Weights that are dropped while a network learns: the smallest of each layer become zero, more and more of them.

Source: Xiao, Jin, Yang, Yang, Sun, Chang, "Building fast and compact convolutional neural networks for offline
handwritten Chinese character recognition", 2017 (adaptive drop-weight).
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

EVERY = 20  # steps
RISE = 0.5  # of the training, in which the share rises from 0


def compute_share(share: float, done: float) -> float:
    """Return which share of the weights is zero, when so much of the training is done, 0 to 1."""
    return share * min(1.0, done / RISE)


def drop_weights(model: keras.Model, share: float) -> None:
    """Set the smallest weights of each kernel to zero, by their magnitude; a frozen layer stays as it is.

    They are trained further and grow again where they matter, until the next time: the source's threshold of each
    layer, which it raises step by step, is here the share's quantile.

    Args:
        model: whose trainable kernels are changed.
        share: of a kernel's weights.
    """
    for variable in model.trainable_variables:
        if variable.name != "kernel":
            continue
        kernel = np.array(ops.convert_to_numpy(variable), order="C")
        if count := round(share * kernel.size):
            flat = kernel.reshape(-1)  # a view
            flat[np.argpartition(np.abs(flat), count - 1)[:count]] = 0.0
            variable.assign(kernel)
