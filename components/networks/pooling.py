"""Ends of a network: from its last map, [batch, height, width, channels], to a vector."""

from __future__ import annotations

import keras
from keras import layers, ops

from tfx_ocr.components.networks.convolution import add_convolution


def add_pooling(last_map: keras.KerasTensor, kind: str) -> keras.KerasTensor:
    """Add a pooling: [batch, height, width, channels] to [batch, features].

    Args:
        last_map: of a network.
        kind: `average` or `max` of each channel; `weighted`, the average of each channel times a learnt weight of each
            place (GWAP); `weighted_output`, the average of each channel times a learnt weight (GWOAP); `mixed`, a
            quarter as many channels flattened, for where a stroke lies tells jamo apart, and the average beside them.

    Source: Lin, Chen, Yan, "Network In Network", 2013, for the average; Melnyk, You, Li, "A High-Performance CNN Method
    for Offline Handwritten Chinese Character Recognition and Visualization", 2020, for the weighted ones.
    """
    if kind == "mixed":
        where = layers.Flatten()(add_convolution(last_map, last_map.shape[-1] // 4, size=1))
        return layers.Concatenate()([where, layers.GlobalAveragePooling2D()(last_map)])
    if kind == "max":
        return layers.GlobalMaxPooling2D()(last_map)
    if kind == "weighted":
        last_map = _Weights(name="place_weights")(last_map)
    pooled = layers.GlobalAveragePooling2D()(last_map)
    return _Weights(name="channel_weights")(pooled) if kind == "weighted_output" else pooled


def replace_pooling(network: keras.Model, last_map: str, kind: str) -> keras.Model:
    """Return a network that ends in another pooling of its layer `last_map`; see `add_pooling` for `kind`."""
    pooled = add_pooling(network.get_layer(last_map).output, kind)
    return keras.Model(network.input, pooled, name=network.name)


class _Weights(layers.Layer):
    """A learnt weight for each value of an example, 1 at first: [batch, ...] to the same."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self._factors = self.add_weight(shape=shape[1:], initializer="ones", name="factors")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x * ops.cast(self._factors, x.dtype)
