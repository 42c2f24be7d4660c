"""Networks along a line of text whose frames are mixed with their neighbours and with all others: two sizes."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers

from tfx_ocr.components.networks.convolution import add_convolution, add_residual
from tfx_ocr.components.recipe import Base, Picture

GIVES = "sequence"
LAST_MAP = "last_map"
TALL_PX = 48  # height of the strip from which on a frame is of 8 pixels, else of 4
NEIGHBOURS = 11  # frames that a frame is mixed with at once, itself in their middle
DROPOUT = 0.1


@dataclasses.dataclass(kw_only=True)
class LineMixing:
    """A network of convolutions down to one row of frames, then blocks of mixing along it.

    A block mixes each frame with its neighbours, then with all frames, then its features with each other.

    Attributes:
        name: of the network.
        channels: of the five convolutions, each of which halves the height.
        residuals: blocks of two more convolutions after each of them.
        width: features per frame.
        heads: of attention.
        blocks: of mixing.
        GIVES: see `Network`.
        LAST_MAP: see `Network`.

    Source: Du et al., "SVTR: Scene Text Recognition with a Single Visual Model", 2022, for blocks of local and global
    mixing; Gulati et al., "Conformer: Convolution-augmented Transformer for Speech Recognition", 2020, for a gated
    convolution of each feature alone as the local one, which costs a CPU less than attention in a window.
    """

    name: str
    channels: tuple[int, int, int, int, int]
    residuals: tuple[int, int, int, int, int]
    width: int
    heads: int
    blocks: int
    GIVES: str = GIVES
    LAST_MAP: str = LAST_MAP

    def build(self, image: Picture, base: Base) -> keras.Model:
        """Build the network.

        Args:
            image: size and channels of the strip, scaled; `height` a multiple of 16.
            base: not used: base weights are not available.

        Returns:
            A model of [batch, height, width, channels] to [batch, width / 4, `self.width`], of strips of `TALL_PX` and
            more to [batch, width / 8, `self.width`].

        Raises:
            ValueError: the strip's height is not a multiple of 16, or its width not one of a frame's.
        """
        stride = 8 if image.height >= TALL_PX else 4
        if image.height % 16 or image.width % stride:
            raise ValueError(
                f"{self.name} needs a height that is a multiple of 16 and at this height a width that is one of "
                f"{stride}, not {image.height} x {image.width}"
            )
        strip = x = keras.Input((image.height, image.width, image.channels), name="picture")
        strides = [(2, 2), (2, 2), (2, stride // 4), (2, 1), (2, 1)]
        for number, (channels, blocks) in enumerate(zip(self.channels, self.residuals, strict=True)):
            x = add_convolution(x, channels, strides=strides[number])
            for block in range(blocks):
                is_last = number == len(strides) - 1 and block == blocks - 1
                x = add_residual(x, LAST_MAP if is_last else None)
        x = layers.Conv2D(self.width, (x.shape[1], 1), use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.Reshape((image.width // stride, self.width))(x)
        for _ in range(self.blocks):
            x = add_local_mixing(x)
            x = add_global_mixing(x, self.heads)
            x = add_feed_forward(x)
        return keras.Model(strip, layers.LayerNormalization()(x), name=self.name)


def add_local_mixing(x: keras.KerasTensor) -> keras.KerasTensor:
    """Add to each frame a gated convolution over itself and its neighbours, of each feature alone."""
    width = x.shape[-1]
    inner = layers.LayerNormalization()(x)
    gate = layers.Dense(width, activation="sigmoid")(inner)
    inner = layers.Multiply()([layers.Dense(width)(inner), gate])
    inner = layers.DepthwiseConv1D(NEIGHBOURS, padding="same", use_bias=False)(inner)
    inner = layers.Activation("gelu")(layers.LayerNormalization()(inner))
    return layers.Add()([x, layers.Dropout(DROPOUT)(layers.Dense(width)(inner))])


def add_global_mixing(x: keras.KerasTensor, heads: int) -> keras.KerasTensor:
    """Add to each frame what it finds in all frames by attention: their order makes no difference."""
    inner = layers.LayerNormalization()(x)
    inner = layers.MultiHeadAttention(heads, x.shape[-1] // heads)(inner, inner)
    return layers.Add()([x, layers.Dropout(DROPOUT)(inner)])


def add_feed_forward(x: keras.KerasTensor) -> keras.KerasTensor:
    """Add to each frame two layers over its own features."""
    inner = layers.LayerNormalization()(x)
    inner = layers.Dense(3 * x.shape[-1], activation="gelu")(inner)
    return layers.Add()([x, layers.Dropout(DROPOUT)(layers.Dense(x.shape[-1])(inner))])


SMALL = LineMixing(
    name="line_mixing_small",
    channels=(16, 32, 64, 96, 128),
    residuals=(0, 1, 1, 1, 1),
    width=128,
    heads=4,
    blocks=2,
)
LARGE = LineMixing(
    name="line_mixing_large",
    channels=(24, 48, 96, 160, 192),
    residuals=(0, 1, 2, 2, 1),
    width=224,
    heads=7,
    blocks=4,
)
