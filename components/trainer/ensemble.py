"""Several trained members as one network, which averages what they find likely. Nothing is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfx_ocr.components import progress
from tfx_ocr.components.artifacts import TRAINER_FILE
from tfx_ocr.components.recipe import Base, Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer import initial, model
from tfx_ocr.components.trainer.model import list_heads

SHARED = ("input", "task", "alphabet")  # fields of a part that must be the same for all members


def build_ensemble(part: Part) -> keras.Model:
    """Build one network of all members: what the input's `scale` gives to the logarithm of the mean posterior.

    Args:
        part: the recipe's trainer part; `trainer.members` names exported versions, or models that ship.

    Returns:
        A model whose output stands for the logits of one network: softmax gives the mean of the members' posteriors,
        of each head for itself where a task has several.

    Raises:
        ValueError: a member cannot be read, or differs from the recipe in what comes in or what an answer is.

    Source: Lakshminarayanan, Pritzel, Blundell, "Simple and Scalable Predictive Uncertainty Estimation using Deep
    Ensembles", 2017, for the mean of posteriors.
    """
    members = [load_member(name, part) for name in part.trainer.members]
    first = members[0]
    for name, member in zip(part.trainer.members, members, strict=True):
        if member.output.shape != first.output.shape:
            raise ValueError(
                f"trainer.members: {name} gives {member.output.shape[1:]} logits and {part.trainer.members[0]} "
                f"{first.output.shape[1:]}: members must have as many frames and classes as each other"
            )
        progress.say(f"     member {name}: {member.count_params():,} weights")
    pixels = keras.Input(batch_shape=first.input.shape, dtype=first.input.dtype)
    logits = [
        keras.Model(member.input, member.output, name=f"member_{number}")(pixels)
        for number, member in enumerate(members, 1)
    ]
    sizes = tuple(list_heads(part).values()) if get_task(part.task).heads else (first.output.shape[-1],)
    return keras.Model(pixels, average_posteriors(logits, sizes), name=part.name)


def average_posteriors(logits: Sequence[keras.KerasTensor], sizes: Sequence[int]) -> keras.KerasTensor:
    """Return the logarithm of the mean posterior of each head.

    Args:
        logits: of each member, [..., classes] float32, of all heads side by side.
        sizes: number of classes of each head.
    """
    edges = np.cumsum(sizes)[:-1].tolist()
    means = []
    for heads in zip(*(ops.split(each, edges, axis=-1) if edges else [each] for each in logits), strict=True):
        likely = ops.stack([ops.log_softmax(head, -1) for head in heads])
        means.append(ops.logsumexp(likely, 0) - float(np.log(len(heads))))
    return ops.concatenate(means, -1)


def load_member(name: str, part: Part) -> keras.Model:
    """Load a trained member as the network that it was exported from.

    What a member's network is stands in the export's `TRAINER_FILE`; a member without one, of an older version, is
    taken for the recipe's own network.

    Args:
        name: folder of an exported version, or name of a model that ships.
        part: the recipe's trainer part.

    Raises:
        ValueError: the export is missing, is itself an ensemble, or is not of the recipe's input, task and alphabet.
    """
    folder = initial.find_folder(name)
    path = f"{folder}/{TRAINER_FILE}"
    stated, is_stated = part, tf.io.gfile.exists(path)
    if is_stated:
        with tf.io.gfile.GFile(path) as file:
            stated = Part.from_json(file.read())
        if stated.trainer.members:
            raise ValueError(f"trainer.members: {name} is an ensemble itself: name its members")
        for field in SHARED:
            if getattr(stated, field) != getattr(part, field):
                raise ValueError(
                    f"trainer.members: {name} has {field} {getattr(stated, field)!r}, where the recipe {part.name} has "
                    f"{getattr(part, field)!r}: members must agree with it in {', '.join(SHARED)}"
                )
    plain = dataclasses.replace(stated.trainer, precision="float32", base=Base(), initial_weights="", members=())
    network, _ = model.build(dataclasses.replace(part, trainer=plain))
    try:
        initial.assign_all_weights(network, folder, None if is_stated else part)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"trainer.members: {name} does not hold weights of network {plain.network!r} for this recipe: {error}"
        ) from error
    return network
