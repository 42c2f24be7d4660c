"""Why a network answers as it does: which places of its last map an answer hangs on."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from tfx_ocr.components.inputs import image
from tfx_ocr.components.networks import get_network
from tfx_ocr.components.recipe import Part, Picture
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer.model import list_heads
from tfx_ocr.data import features

LEAST = 1e-3  # of a logit: a smaller loss is noise, and is not stretched to 1


def find_last_map(model: keras.Model, part: Part) -> keras.KerasTensor | None:
    """Return the network's last map, [batch, height, width, channels]; None if no map of it explains answers."""
    task, name = get_task(part.task), getattr(get_network(part.trainer.network), "LAST_MAP", "")
    if part.trainer.members or not (name and task.heads and isinstance(part.input, Picture)):
        return None
    return model.get_layer(name).output


def build_explainer(model: keras.Model, part: Part) -> keras.Model | None:
    """Build a network that gives `logits` and `heat`, with the same weights; None without one last map.

    One place of the last map after the other is set to zero, and what the logit of the answered class loses by it is
    the place's heat: negative ones are 0, and the largest is 1. Where the head is one dense layer on an average or on
    the flattened map, that is its class activation map, exactly; hidden layers are taken as they are, where a gradient
    would tell of small changes alone. It needs no gradient, so that every runtime can compute it.

    Args:
        model: trained: [batch, height, width, channels], scaled, to logits.
        part: the recipe's trainer part.

    Returns:
        A model whose `heat` is [batch, maps, height, width] float32 from 0 to 1 at the size of the last map: of the
        answer, and then of each of the task's heads, if it has several, for itself. The answer's is their sum.

    Source: Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", 2014 (occlusion), of the last map in
    place of the picture; Zhou et al., "Learning Deep Features for Discriminative Localization", 2016 (CAM).
    """
    last_map = find_last_map(model, part)
    if last_map is None or not isinstance(part.input, Picture):
        return None
    _, height, width, channels = last_map.shape
    places = height * width
    kept = 1 - np.eye(places, dtype=np.float32).reshape(1, places, height, width, 1)
    without = ops.reshape(ops.expand_dims(last_map, 1) * kept, (-1, height, width, channels))
    left = keras.Model(last_map, model.output)(without)
    losses = ops.expand_dims(model.output, 1) - ops.reshape(left, (-1, places, model.output.shape[-1]))
    edges = np.cumsum([0, *list_heads(part).values()])
    maps = []
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        logits = model.output[:, begin:end]
        best = ops.cast(ops.equal(logits, ops.max(logits, -1, keepdims=True)), "float32")  # LiteRT lacks ops.argmax's
        maps.append(ops.sum(losses[:, :, begin:end] * ops.expand_dims(best, 1), -1))
    heat = ops.relu(ops.stack([sum(maps), *maps] if len(maps) > 1 else maps, 1))
    heat = heat / ops.maximum(ops.max(heat, -1, keepdims=True), LEAST)
    ink = image.find_ink(model.input, part.input)
    outputs = {
        features.LOGITS: model.output * ops.reshape(ink, (-1, 1)),
        features.HEAT_OUT: ops.reshape(heat * ops.reshape(ink, (-1, 1, 1)), (-1, heat.shape[1], height, width)),
    }
    return keras.Model(model.input, outputs, name=model.name)
