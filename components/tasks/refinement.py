"""Heads that look again: each round reads the features together with what all heads answered in the round before."""

from __future__ import annotations

from collections.abc import Mapping

import keras
from keras import layers, ops

FEATURES = "seen"  # name of the layer that reads the features, once
ROUND = "round_{}"  # name of the logits of a round before the last, counted from 0; the last are `logits`


def add_rounds(x: keras.KerasTensor, heads: Mapping[str, int], rounds: int) -> keras.KerasTensor:
    """Add heads that answer once, and then `rounds` times again: [batch, width] to [batch, classes] float32 logits.

    All rounds have the same weights. A round's hidden layer is relu(A x + B p), where p are the probabilities that the
    heads gave in the round before, 0 at first: so each jamo is read in the light of the others. The source looks again
    at other places of the map by attention; here the features are a vector, and `B` says what to look for in it.

    Args:
        x: features.
        heads: number of classes by the layer of their logits, in the logits' order.
        rounds: after the first, at least 1.

    Source: Yang, He, Zhou, Zhang, Liu, Zhu, Liu, Yang, "Improving Offline Handwritten Chinese Character Recognition by
    Iterative Refinement", 2017.
    """
    width, sizes = x.shape[-1], list(heads.values())
    edges = [sum(sizes[: head + 1]) for head in range(len(sizes) - 1)]
    last = [layers.Dense(size, dtype="float32", name=name) for name, size in heads.items()]
    seen = layers.Dense(width, name=FEATURES)(x)
    recalled = layers.Dense(width, use_bias=False, name="recalled")
    hidden = ops.relu(seen)
    for number in range(rounds + 1):
        name = "logits" if number == rounds else ROUND.format(number)
        logits = layers.Concatenate(name=name, dtype="float32")([head(hidden) for head in last])
        if number < rounds:
            answers = ops.concatenate([ops.softmax(each) for each in ops.split(logits, edges, axis=-1)], -1)
            hidden = ops.relu(seen + recalled(answers))
    return logits
