"""A network for whole pages: separable convolutions down to a thirty-second, and up again to maps of a quarter."""

from __future__ import annotations

import keras
from keras import layers

from tfx_ocr.components.networks.convolution import add_convolution, add_separable
from tfx_ocr.components.recipe import Base, PageImage

GIVES = "map"
LAST_MAP = "last_map"
STAGES = ((24, 1), (48, 2), (96, 3), (160, 3))  # channels and residual blocks at 1/4, 1/8, 1/16, 1/32
WIDTH = 32  # channels of the maps
COARSEST = 32  # pixels of the page along a pixel of the coarsest map


def build(page: PageImage, base: Base) -> keras.Model:
    """Build the way down and the way up, which takes what each stage saw.

    Args:
        page: side of the frame, a multiple of 32, scaled.
        base: not used: base weights are not available.

    Returns:
        A model of [batch, side, side, 1] to [batch, side / 4, side / 4, `WIDTH`].

    Raises:
        ValueError: the side is not a multiple of 32.

    Source: Lin et al., "Feature Pyramid Networks for Object Detection", 2017; Howard et al., "MobileNets: Efficient
    Convolutional Neural Networks for Mobile Vision Applications", 2017, for the separable convolutions.
    """
    if page.side % COARSEST:
        raise ValueError(f"page_fpn needs a side that is a multiple of {COARSEST}, not {page.side}")
    picture = keras.Input((page.side, page.side, page.channels), name="picture")
    x = add_convolution(picture, 16, strides=2)
    found = []
    for channels, blocks in STAGES:
        x = add_separable(x, channels, strides=2)
        for _ in range(blocks):
            inner = add_separable(add_separable(x, channels), channels)
            x = layers.Add()([x, inner])
        found.append(x)
    x = add_convolution(x, WIDTH, size=1)
    for beside in reversed(found[:-1]):
        x = layers.Add()([layers.UpSampling2D(2)(x), add_convolution(beside, WIDTH, size=1)])
        x = add_separable(x, WIDTH, name=LAST_MAP if beside is found[0] else None)
    return keras.Model(picture, x, name="page_fpn")
