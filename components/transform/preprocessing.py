"""The stock Transform's user code: pictures fitted and kept as uint8, labels encoded."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfx_ocr.components.inputs import input_named
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import task_named
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import alphabet


def preprocessing_fn(inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Decode, fit to the recipe's size, and keep as bytes; scaling to [-1, 1] stays in the graph, after reading.

    Augmentation belongs to training's input alone (docs/decisions/0003-augmentation-and-scaling.md).

    Args:
        inputs: record features as `data.features` names them, [batch, 1] each.
        custom_config: the recipe's transform part as JSON under `recipe`.

    Returns:
        What the recipe's input and task write: `pixels_xf`, `label_xf`.
    """
    part = Part.from_json(custom_config["recipe"])
    pictures = input_named(part.input).transformed(inputs, part.image)
    return pictures | task_named(part.task).encode(inputs[features.LABEL], alphabet(part.alphabet))
