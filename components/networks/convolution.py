"""The convolution that the project's own networks are made of."""

from __future__ import annotations

import keras
from keras import layers


def convolution(x: keras.KerasTensor, channels: int, size: int = 3, strides: int = 1) -> keras.KerasTensor:
    """Convolution, normalization, ReLU: of `size` pixels, each side divided by `strides`."""
    x = layers.Conv2D(channels, size, strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)  # of some ten steps: a run of few epochs has its statistics too
    return layers.Activation("relu")(x)
