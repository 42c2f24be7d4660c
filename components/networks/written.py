"""Which frames of a strip its line reaches: all others are paper, which no layer along the line need see."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from tfx_ocr.data.pixels.strip import KEPT_PX


class FindWritten(layers.Layer):
    """Tell the frames that begin up to `KEPT_PX` behind the last ink from those of paper.

    Takes strips [batch, height, width, 1] and gives [batch, width / stride, 1]: 1 for a frame of the line, else 0.
    """

    def __init__(self, ink: float, stride: int, **options: Any):
        """Take what the frames are.

        Args:
            ink: value from which on a pixel is ink.
            stride: pixels of the strip per frame.
            options: of a layer.
        """
        super().__init__(**options)
        self.ink, self.stride = ink, stride

    def call(self, strip: keras.KerasTensor) -> keras.KerasTensor:
        """Return the frames, see the class."""
        columns = ops.max(strip, (1, 3))
        frames = ops.max(ops.stack([columns[:, place :: self.stride] for place in range(self.stride)]), 0)
        is_ink = ops.flip(ops.cast(frames >= self.ink, "float32"), 1)
        left = ops.flip(ops.cumsum(is_ink, 1), 1)  # frames with ink, from each to the line's end
        kept = KEPT_PX // self.stride
        reached = ops.pad(left, [[0, 0], [kept, 0]], constant_values=1.0)[:, :-kept]
        return ops.cast(ops.expand_dims(reached, 2) > 0, strip.dtype)
