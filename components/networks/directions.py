"""Planes of stroke directions as a network's first layer: what handwriting is made of, before anything is learnt."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers, ops

from tfx_ocr.components.recipe import Input, Picture

COUNT = 8  # of directions, 45 degrees apart
NAME = "directions"  # of the layer


def open_picture(image: Picture) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return a network's input, and what its layers take: the picture, or its planes where `image` says so.

    Args:
        image: size and channels of the input, scaled.
    """
    picture = keras.Input((image.height, image.width, image.channels), name="picture")
    return picture, DirectionPlanes()(picture) if getattr(image, "planes", "") == NAME else picture


def check_planes(network: keras.Model, image: Input) -> None:
    """Check that a network, such as one of one's own, begins with the planes that its input has.

    Raises:
        ValueError: it does not.
    """
    if getattr(image, "planes", "") == NAME and NAME not in {layer.name for layer in network.layers}:
        raise ValueError(
            f"input.planes is {NAME!r}, and network {network.name!r} does not begin with them: build it on "
            "components.networks.directions.open_picture, or leave the field out"
        )


class DirectionPlanes(layers.Layer):
    """Split the gradient of a grey picture into eight directions: [batch, h, w, 1] to [batch, h, w, 8] float32.

    A gradient (Sobel's) is the sum of two vectors along its two neighbouring directions; their lengths go to these
    directions' planes. Plane 0 is of what gets lighter to the right, plane 2 downwards. It has no weights.

    Source: Zhang, Bengio, Liu, "Online and Offline Handwritten Chinese Character Recognition: A Comprehensive Study and
    New Benchmark", 2017 (directMap); Liu, Nakashima, Sako, Fujisawa, "Handwritten digit recognition: investigation of
    normalization and feature extraction techniques", 2004 (decomposition of gradients).
    """

    def __init__(self) -> None:
        super().__init__(name=NAME, dtype="float32")

    def call(self, picture: keras.KerasTensor) -> keras.KerasTensor:
        """Compute the planes."""
        across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32) / 8  # a ramp of 1 a pixel has length 1
        kernel = np.stack([across, across.T], -1)[:, :, np.newaxis]
        padded = ops.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")  # an edge has no gradient
        gradient = ops.conv(padded, kernel, padding="valid")
        angles = np.arange(COUNT) * (2 * math.pi / COUNT)
        past = np.stack([-np.sin(angles), np.cos(angles)]) / math.sin(2 * math.pi / COUNT)
        before, after = (np.roll(past, shift, 1).astype(np.float32) for shift in (1, -1))
        return ops.relu(ops.minimum(ops.matmul(gradient, before), ops.matmul(gradient, -after)))
