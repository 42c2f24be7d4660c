"""The hidden layers of a head, the same for every task."""

from __future__ import annotations

import keras

from tfx_ocr.components.recipe import Trainer


def add_hidden_layers(of: keras.KerasTensor, trainer: Trainer) -> keras.KerasTensor:
    """Add a dense layer and dropout for each of `trainer.units`: [..., width] to [..., the last of them].

    Raises:
        ValueError: `trainer.dropout` has not one value per layer.
    """
    for units, dropout in zip(trainer.units, trainer.dropout, strict=True):
        of = keras.layers.Dense(units, activation="relu")(of)
        of = keras.layers.Dropout(dropout)(of)
    return of
