"""The convolution that the project's own networks are made of."""

from __future__ import annotations

import keras
from keras import layers


def add_convolution(
    x: keras.KerasTensor, channels: int, size: int = 3, strides: int | tuple[int, int] = 1, name: str | None = None
) -> keras.KerasTensor:
    """Add convolution of `size` pixels, normalization, ReLU (of `name`); height and width are divided by `strides`."""
    x = layers.Conv2D(channels, size, strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)  # of some ten steps: a run of few epochs has its statistics too
    return layers.Activation("relu", name=name)(x)


def add_separable(x: keras.KerasTensor, channels: int, strides: int = 1, name: str | None = None) -> keras.KerasTensor:
    """Add a convolution of three pixels of each channel alone, then one across channels; normalization, ReLU.

    Source: Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2017.
    """
    x = layers.DepthwiseConv2D(3, strides, padding="same", use_bias=False)(x)
    return add_convolution(x, channels, size=1, name=name)


def add_residual(x: keras.KerasTensor, name: str | None = None) -> keras.KerasTensor:
    """Add two convolutions of three pixels to their input; size and channels stay, the last layer has `name`.

    Source: He et al., "Deep Residual Learning for Image Recognition", 2016.
    """
    channels = x.shape[-1]
    inner = add_convolution(x, channels)
    inner = layers.Conv2D(channels, 3, padding="same", use_bias=False)(inner)
    inner = layers.BatchNormalization(momentum=0.9)(inner)
    return layers.Activation("relu", name=name)(layers.Add()([x, inner]))
