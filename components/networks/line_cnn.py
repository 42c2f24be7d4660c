"""A convolutional network along a line of text: a frame of features every fourth pixel."""

from __future__ import annotations

import keras
from keras import layers

from tfx_ocr.components.networks.convolution import add_convolution, add_residual
from tfx_ocr.components.networks.written import FindWritten
from tfx_ocr.components.recipe import Base, Picture
from tfx_ocr.data.pixels.strip import get_ink

GIVES = "sequence"
LAST_MAP = "last_map"
WRITTEN = "written"
STRIDE = 4  # pixels of the strip a frame
WIDTH = 160  # features a frame
DILATIONS = (1, 2, 4, 8, 1)  # of the layers along the line: together they see 65 frames, some twenty characters


def build(image: Picture, base: Base) -> keras.Model:
    """Build convolutions down to one row of frames, then residual dilated convolutions along it.

    No recurrence: on a CPU one step after the other costs more than the layers do, and a frame's answer depends on a
    bounded stretch of the line. Frames of the paper behind the line are 0 in every layer along it: how much of that
    there is makes no difference.

    Args:
        image: size and channels of the strip, scaled; `height` a multiple of 8.
        base: not used: base weights are not available.

    Returns:
        A model of [batch, height, width, channels] to [batch, width / 4, `WIDTH`].

    Raises:
        ValueError: the strip's height is not a multiple of 8, or its width not one of 4.

    Source: Bai, Kolter, Koltun, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
    Modeling", 2018, for the dilated residual layers.
    """
    if image.height % 8 or image.width % STRIDE:
        raise ValueError(
            f"line_cnn needs a height that is a multiple of 8 and a width that is one of {STRIDE}, "
            f"not {image.height} x {image.width}"
        )
    strip = keras.Input((image.height, image.width, image.channels), name="picture")
    x = add_convolution(strip, 24, size=5, strides=2)
    x = add_residual(add_convolution(x, 48, strides=2))
    x = add_residual(add_convolution(x, 96, strides=(2, 1)), LAST_MAP)
    x = layers.Conv2D(WIDTH, (image.height // 8, 1), use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("relu")(x)
    x = layers.Reshape((-1, WIDTH))(x)
    written = FindWritten(get_ink(image.scaled), STRIDE, name=WRITTEN)(strip)
    x = layers.Multiply()([x, written])
    for dilation in DILATIONS:
        inner = layers.Conv1D(WIDTH, 5, padding="same", dilation_rate=dilation, use_bias=False)(x)
        inner = layers.BatchNormalization(momentum=0.9)(inner)
        inner = layers.Activation("relu")(inner)
        inner = layers.Dropout(0.1)(inner)
        x = layers.Multiply()([layers.Add()([x, inner]), written])
    return keras.Model(strip, x, name="line_cnn")
