"""The convolution that the project's own networks are made of."""

from __future__ import annotations

import keras
from keras import layers


def add_convolution(
    x: keras.KerasTensor, channels: int, size: int = 3, strides: int | tuple[int, int] = 1
) -> keras.KerasTensor:
    """Convolution, normalization, ReLU: of `size` pixels, height and width divided by `strides`."""
    x = layers.Conv2D(channels, size, strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)  # of some ten steps: a run of few epochs has its statistics too
    return layers.Activation("relu")(x)


def add_residual(x: keras.KerasTensor) -> keras.KerasTensor:
    """Two convolutions of three pixels whose sum with what came in is passed on; size and channels stay.

    Source: He et al., "Deep Residual Learning for Image Recognition", 2016.
    """
    channels = x.shape[-1]
    inner = add_convolution(x, channels)
    inner = layers.Conv2D(channels, 3, padding="same", use_bias=False)(inner)
    inner = layers.BatchNormalization(momentum=0.9)(inner)
    return layers.Activation("relu")(layers.Add()([x, inner]))
