"""The stock Transform's user code: inputs fitted and kept small, labels encoded."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet


def preprocessing_fn(inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Decode, fit to the recipe's size, and keep as bytes; scaling to [-1, 1] stays in the graph, after reading.

    Augmentation belongs to training's input alone (docs/decisions/0003-augmentation-and-scaling.md).

    Args:
        inputs: record features as `data.features` names them, [batch, 1] each; `style` sparse.
        custom_config: the recipe's transform part as JSON under `recipe`.

    Returns:
        What the recipe's input and task write, such as `pixels_xf` and `label_xf`; `source_xf`; `style_xf` where
        answers are classes and the schema has `style`.
    """
    part = Part.from_json(custom_config["recipe"])
    task, written = get_task(part.task), get_input(part.input.kind).transform(inputs, part.input)
    if features.SOURCE in inputs:  # a graph that is built to be shipped is not trained with
        written[features.SOURCE_XF] = tf.identity(inputs[features.SOURCE])
    if task.heads and features.STYLE in inputs:
        written[features.STYLE_XF] = encode_style(inputs[features.STYLE])
    return written | task.load_graph().encode(inputs, get_alphabet(part.alphabet))


def encode_style(style: tf.SparseTensor) -> tf.Tensor:
    """Return the place of each style in `features.STYLES`, -1 where a record lacks it: [batch, 1] int64."""
    text = tf.sparse.to_dense(tf.sparse.reset_shape(style, [style.dense_shape[0], 1]))
    same = tf.cast(tf.equal(text, tf.constant(features.STYLES)), tf.int64)
    return tf.reduce_sum(same * tf.range(1, len(features.STYLES) + 1, dtype=tf.int64), 1, keepdims=True) - 1
