"""A residual network for many classes of one glyph: 52 million multiply-adds at 64 x 64 x 1."""

from __future__ import annotations

import keras
from keras import layers

from tfx_ocr.components.networks.convolution import add_convolution, add_residual
from tfx_ocr.components.networks.directions import open_picture
from tfx_ocr.components.networks.pooling import add_pooling
from tfx_ocr.components.recipe import Base, Picture

GIVES = "vector"
LAST_MAP = "last_map"
STAGES = ((48, 1), (80, 2), (128, 2))  # channels and residual blocks at a quarter, an eighth, a sixteenth


def build(image: Picture, base: Base) -> keras.Model:
    """Build a strided layer and three stages of residual blocks; a quarter of the last map's channels is flattened.

    Where a stroke lies tells jamo apart, so the last map is not averaged away: at 64 x 64, 4 x 4 x 32 = 512 numbers
    and the mean of its 128 channels beside them.

    Args:
        image: size and channels of the input, scaled.
        base: not used: base weights are not available.
    """
    picture, x = open_picture(image)
    x = add_convolution(x, 32, size=5, strides=2)
    for stage, (channels, blocks) in enumerate(STAGES, 1):
        x = layers.MaxPooling2D(2, padding="same")(x)
        x = add_convolution(x, channels)
        for block in range(1, blocks + 1):
            x = add_residual(x, LAST_MAP if (stage, block) == (len(STAGES), blocks) else None)
    return keras.Model(picture, add_pooling(x, "mixed"), name="residual_cnn")
