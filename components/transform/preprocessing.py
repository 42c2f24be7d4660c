"""The stock Transform's user code: inputs fitted and kept small, labels encoded."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data.alphabets import get_alphabet


def preprocessing_fn(inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Decode, fit to the recipe's size, and keep as bytes; scaling to [-1, 1] stays in the graph, after reading.

    Augmentation belongs to training's input alone (docs/decisions/0003-augmentation-and-scaling.md).

    Args:
        inputs: record features as `data.features` names them, [batch, 1] each.
        custom_config: the recipe's transform part as JSON under `recipe`.

    Returns:
        What the recipe's input and task write, such as `pixels_xf` and `label_xf`.
    """
    part = Part.from_json(custom_config["recipe"])
    written = get_input(part.input.kind).transform(inputs, part.input)
    return written | get_task(part.task).load_graph().encode(inputs, get_alphabet(part.alphabet))
