"""Network and head as one Keras model, and the phases in which it is trained."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import keras

from tfx_ocr.components import progress
from tfx_ocr.components.networks import directions, get_network
from tfx_ocr.components.networks.pooling import replace_pooling
from tfx_ocr.components.recipe import Base, Optimizer, Part, Trainer
from tfx_ocr.components.tasks import get_task, hybrid, refinement
from tfx_ocr.components.tasks.sequence.learn import set_blank
from tfx_ocr.components.trainer import initial
from tfx_ocr.components.trainer.adabound import AdaBound
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.registry import load

HEAD = "head"  # as `unfreeze_from` of a stage: no layer of the network


@dataclasses.dataclass(frozen=True, kw_only=True)
class Phase:
    """Epochs [begin, end) in which the same layers are trained.

    Attributes:
        begin: first epoch, counted from 0.
        end: one past the last.
        trained: None for all layers, "" for the head alone, else the name of the base's layer from which on.
        rate: learning rate as a share of the optimizer's.
        stage: number of its stage in `Trainer.list_stages`, counted from 0.
    """

    begin: int
    end: int
    trained: str | None
    rate: float
    stage: int = 0


def build(part: Part) -> tuple[keras.Model, list[keras.layers.Layer]]:
    """Build the model: what the input's `scale` gives to the task's logits, and its base's layers, in order.

    Raises:
        ValueError: `trainer.initial_weights` does not hold weights of this network.
    """
    keras.config.set_dtype_policy(part.trainer.precision)
    try:
        network = get_network(part.trainer.network)
        base = network.build(part.input, part.trainer.base)
        directions.check_planes(base, part.input)
        if part.trainer.pooling:
            base = replace_pooling(base, getattr(network, "LAST_MAP", ""), part.trainer.pooling)
        learn = get_task(part.task).load_learn()
        outputs = learn.build_head(base.output, part.trainer, get_alphabet(part.alphabet))
        if hasattr(network, "WRITTEN"):
            outputs = set_blank(outputs, base.get_layer(network.WRITTEN).output)
        model = keras.Model(base.input, outputs, name=part.name)
    finally:
        keras.config.set_dtype_policy("float32")
    if part.trainer.initial_weights:
        try:
            taken = initial.assign_initial_weights(model, sum(len(layer.weights) for layer in base.layers), part)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"trainer.initial_weights: {part.trainer.initial_weights} does not hold weights of network "
                f"{part.trainer.network!r}: {str(error).splitlines()[0]}"
            ) from error
        progress.say(f"     starts from {part.trainer.initial_weights}: {taken}")
    return model, base.layers


def extend_outputs(model: keras.Model, part: Part) -> keras.Model:
    """Return what is trained: the model itself, or with what its loss needs behind its logits (`tasks.hybrid`)."""
    trainer = part.trainer
    if not (trainer.refinements or trainer.centre_loss or trainer.adversarial):
        return model
    heads = list_heads(part)
    hidden = model.get_layer(refinement.FEATURES if trainer.refinements else next(iter(heads))).input
    rounds = [model.get_layer(refinement.ROUND.format(number)) for number in range(trainer.refinements)]
    outputs = [model.output, *(each.output for each in rounds)]
    if trainer.centre_loss:
        outputs.append(hybrid.Centres(sum(heads.values()))(hidden))
    if trainer.adversarial:
        outputs.append(hybrid.add_style(hidden, trainer.adversarial))
    return keras.Model(model.input, keras.layers.Concatenate(dtype="float32")(outputs), name=part.name)


def build_losses(part: Part) -> dict[str, Any]:
    """Return the `loss` and `metrics` that Keras compiles what `extend_outputs` gives with."""
    trainer, learn = part.trainer, get_task(part.task).load_learn()
    loss, metrics = learn.build_loss(), learn.build_metrics()
    if trainer.label_smoothing or trainer.refinements or trainer.centre_loss or trainer.adversarial:
        heads = list_heads(part)
        loss = hybrid.HybridLoss(loss, heads, trainer)
        metrics = [hybrid.LogitsMetric(metric, heads) for metric in metrics]
    return {"loss": loss, "metrics": metrics}


def list_heads(part: Part) -> dict[str, int]:
    """Return the number of logits of each of the task's heads, by its layer, in their order."""
    return load(get_task(part.task).heads)(get_alphabet(part.alphabet))


def convert_to_float32(model: keras.Model, part: Part) -> keras.Model:
    """Return the model itself, or the same weights under float32 arithmetic, which every server has."""
    if part.trainer.precision == "float32":
        return model
    rebuilt, _ = build(part.change_trainer(precision="float32", base=Base(), initial_weights=""))
    rebuilt.set_weights(model.get_weights())
    return rebuilt


def plan_phases(trainer: Trainer) -> list[Phase]:
    """Return one phase for each stage.

    Without stages: one phase from scratch; from base or initial weights, a frozen one and then the upper blocks.
    """
    if trainer.stages:
        ends = itertools.accumulate(stage.epochs for stage in trainer.stages)
        return [
            Phase(
                begin=end - stage.epochs,
                end=end,
                trained="" if stage.unfreeze_from == HEAD else stage.unfreeze_from or None,
                rate=stage.learning_rate / trainer.optimizer.learning_rate if stage.learning_rate else 1.0,
                stage=number,
            )
            for number, (stage, end) in enumerate(zip(trainer.stages, ends, strict=True))
        ]
    frozen = trainer.base.frozen_epochs if trainer.base.weights != "none" else 0
    frozen = min(trainer.freeze_epochs if trainer.initial_weights else frozen, trainer.epochs)
    if not frozen:
        return [Phase(begin=0, end=trainer.epochs, trained=None, rate=1.0)]
    upper = trainer.base.unfreeze_from or None
    second = Phase(begin=frozen, end=trainer.epochs, trained=upper, rate=trainer.base.fine_tune_rate)
    first = Phase(begin=0, end=frozen, trained="", rate=1.0)
    return [first, second] if second.begin < second.end else [first]


def set_trainable(base: list[keras.layers.Layer], phase: Phase, keep_statistics: bool = False) -> None:
    """Freeze what the phase does not train; a frozen BatchNorm is in inference mode.

    Args:
        base: the network's layers, in order.
        phase: which are trained.
        keep_statistics: freeze every BatchNorm too. After a dozen steps its averages are otherwise neither those of the
            initial weights nor yet those of the data: 180 lines have an eval loss of 48 then, in place of 1.5.

    Raises:
        ValueError: the network has no layer of the name from which on it is to be trained.
    """
    names = [layer.name for layer in base]
    if phase.trained and phase.trained not in names:
        raise ValueError(f"unfreeze_from is {phase.trained!r}; the network has no layer of that name")
    begin = 0 if phase.trained is None else names.index(phase.trained) if phase.trained else len(base)
    for number, layer in enumerate(base):
        is_kept = keep_statistics and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = number >= begin and not is_kept


def build_optimizer(of: Optimizer, phase: Phase, steps: int) -> keras.optimizers.Optimizer:
    """Return Keras's optimizer with the recipe's schedule over the phase.

    Args:
        of: the recipe's.
        phase: `rate` scales the learning rate.
        steps: of one epoch.
    """
    rate = of.learning_rate * phase.rate
    total, warm = (phase.end - phase.begin) * steps, round(of.warmup_epochs * steps)
    if of.schedule == "cosine" or warm:
        schedule = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warm else rate,
            decay_steps=max(1, total - warm),
            alpha=0.0 if of.schedule == "cosine" else 1.0,
            warmup_target=rate if warm else None,
            warmup_steps=warm,
        )
    else:
        schedule = rate
    kinds = {
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "adabound": AdaBound,
    }
    own = {"adamw": {"weight_decay": of.weight_decay}, "adabound": {"final_rate": of.final_rate}}
    return kinds[of.name](learning_rate=schedule, **own.get(of.name, {}))
