"""A multilayer perceptron: the reference that a convolutional network is compared with."""

from __future__ import annotations

import keras

from tfx_ocr.components.networks.directions import open_picture
from tfx_ocr.components.recipe import Base, Picture

GIVES = "vector"


def build(image: Picture, base: Base) -> keras.Model:
    """Thin out three times, flatten, one dense layer of 512: 625 to 512 numbers at 75 x 75 x 1, 320,512 weights.

    Args:
        image: size and channels of the input, scaled.
        base: not used: base weights are not available.
    """
    picture, x = open_picture(image)
    x = keras.layers.AveragePooling2D(3)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(512, activation="relu")(x)
    return keras.Model(picture, x, name="mlp")
