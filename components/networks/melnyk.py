"""Melnyk-net, made for handwritten Chinese characters: 15 convolutions and a weighted average of the last map."""

from __future__ import annotations

import keras
from keras import layers

from tfx_ocr.components.networks.convolution import add_convolution
from tfx_ocr.components.networks.directions import open_picture
from tfx_ocr.components.networks.pooling import add_pooling
from tfx_ocr.components.recipe import Base, Picture

GIVES = "vector"
LAST_MAP = "last_map"
# Channels by size of the map: of the picture, a half, a quarter, an eighth, a sixteenth; the narrow ones save weights.
STAGES = ((64, 64), (96, 64, 96), (128, 96, 128), (256, 192, 256), (448, 256, 448))


def build(image: Picture, base: Base) -> keras.Model:
    """Build stages of three convolutions between average poolings: 448 numbers.

    4.8 million weights and 530 million multiply-adds at 64 x 64 x 1: ten times those of residual_cnn.

    Args:
        image: size and channels of the input, scaled; 96 x 96 in the source.
        base: not used: base weights are not available.

    Source: Melnyk, You, Li, "A High-Performance CNN Method for Offline Handwritten Chinese Character Recognition and
    Visualization", 2020; its dropout of 0.5 is the head's to set.
    """
    picture, x = open_picture(image)
    for stage, widths in enumerate(STAGES):
        if stage:
            x = layers.AveragePooling2D(3, 2, padding="same")(x)
        for number, channels in enumerate(widths, 1):
            is_last = stage == len(STAGES) - 1 and number == len(widths)
            x = add_convolution(x, channels, name=LAST_MAP if is_last else None)
    return keras.Model(picture, add_pooling(x, "weighted"), name="melnyk")
