"""Shapes to numbers and to the maps that training takes; logits to the maps that a client is answered."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.recipe import PageImage, Serving
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet
from tfx_ocr.data.page import maps
from tfx_ocr.data.page.shapes import NUMBERS


def encode(inputs: dict[str, tf.Tensor], alphabet: Alphabet) -> dict[str, tf.Tensor]:
    """Encode shapes as numbers.

    Args:
        inputs: `shapes`, sparse [batch, most] string; `polygons`, sparse [batch, 8 * most] float32, in pixels;
            `page_size`, sparse [batch, 2] float32.
        alphabet: with `CLASSES`, whose order is that of the kinds' numbers.

    Returns:
        `label_xf`, sparse [batch, `NUMBERS` * most] float32: of each shape the number of its kind, and its corners as
        shares of the page's longer side.
    """
    table = tft.make_and_track_object(
        lambda: tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(alphabet.CLASSES, range(len(alphabet.CLASSES)), tf.string, tf.int64),
            default_value=-1,
        )
    )
    kinds = tf.RaggedTensor.from_sparse(inputs[features.SHAPES])
    sides = tf.RaggedTensor.from_sparse(inputs[features.PAGE_SIZE]).to_tensor(1.0)
    longest = tf.gather(tf.reduce_max(sides, 1), kinds.value_rowids())
    corners = tf.reshape(inputs[features.POLYGONS].values, [-1, NUMBERS - 1]) / longest[:, tf.newaxis]
    numbers = tf.cast(table.lookup(kinds.values), tf.float32)
    rows = tf.reshape(tf.concat([numbers[:, tf.newaxis], corners], 1), [-1])
    encoded = tf.RaggedTensor.from_row_splits(rows, NUMBERS * kinds.row_splits, validate=False)
    return {features.LABEL_XF: encoded.to_sparse()}


def get_feature_spec(alphabet: Alphabet) -> dict[str, tf.io.RaggedFeature]:
    """Return how to parse what `encode` wrote."""
    return {features.LABEL_XF: tf.io.RaggedFeature(tf.float32)}


def draw_targets(labels: tf.Tensor, spec: PageImage, alphabet: Alphabet) -> tf.Tensor:
    """Draw the maps that the loss takes, as `data.page.maps.draw_targets` does.

    Args:
        labels: [batch, numbers] float32, what `encode` wrote, padded with -1.
        spec: the recipe's.
        alphabet: with `CLASSES`.

    Returns:
        [batch, side / 4, side / 4, 2 * kinds] uint8.
    """
    kinds, length = alphabet.CLASSES, spec.side // maps.STRIDE

    def draw(rows: np.ndarray) -> np.ndarray:
        shapes = rows.shape[1] // NUMBERS  # pages without shapes have less than one
        pages = rows[:, : shapes * NUMBERS].reshape(len(rows), shapes, NUMBERS)
        return np.stack([maps.draw_targets(page, spec.side, kinds) for page in pages])

    drawn = tf.numpy_function(draw, [labels], tf.uint8, stateful=False)
    return tf.ensure_shape(drawn, [None, length, length, 2 * len(kinds)])


def decode(logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving) -> dict[str, tf.Tensor]:
    """Decode in the graph: the map of each kind. What shapes they hold is said by `data.page.maps.find_shapes`.

    Args:
        logits: [batch, height, width, 2 * kinds] float32.
        raw: not read.
        alphabet: with `CLASSES`.
        serving: not read.

    Returns:
        `kinds` [batch, kinds] string; `maps` [batch, kinds, height, width] float32.
    """
    kinds = tf.constant(alphabet.CLASSES)
    probabilities = tf.sigmoid(logits[..., : len(alphabet.CLASSES)])
    return {
        features.KINDS_OUT: tf.tile(kinds[tf.newaxis], [tf.shape(logits)[0], 1]),
        features.MAPS_OUT: tf.transpose(probabilities, [0, 3, 1, 2]),
    }


def find_problem(outputs: Mapping[str, np.ndarray]) -> str | None:
    """Return what is wrong with a batch of outputs, as a clause; None when nothing is."""
    kinds, found = outputs[features.KINDS_OUT], outputs[features.MAPS_OUT]
    if found.ndim != 4 or found.shape[1] != kinds.shape[1]:
        return f"answers with {features.MAPS_OUT} of shape {list(found.shape)} for {kinds.shape[1]} kinds"
    if found.size and not (found.min() >= 0 and found.max() <= 1):
        return f"answers with {features.MAPS_OUT} outside 0 to 1"
    return None
