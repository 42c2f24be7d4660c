"""Training, phase by phase, that goes on after a kill with the loss curve it would have had."""

from __future__ import annotations

import csv
import io
import math
import os
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import keras
import numpy as np

from tfx_ocr.components import progress
from tfx_ocr.components.artifacts import HISTORY_FILE
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.trainer import checkpoint, drop_weights, storage
from tfx_ocr.components.trainer import model as models
from tfx_ocr.components.trainer.average import Average

SILENCE_S = 60.0  # of a long epoch, before it says how far it is


class Data(Protocol):
    """What is trained on and judged by; a batch is (what the network takes, what the loss takes).

    Attributes:
        records: of train that an epoch has, by stage.
        evaluation: the batches of eval, that can be gone through again and again.
    """

    records: list[int]
    evaluation: Any

    def load_training(self, first_epoch: int, stage: int, /) -> Iterable[Any]:
        """Return the batches of all epochs from `first_epoch` on, counted from 0, as a stage has them, without end."""


def train(
    part: Part,
    data: Data,
    checkpoints: str,
    run_dir: str,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    seconds: float = math.inf,
) -> keras.Model:
    """Train the recipe's model, on any backend of Keras.

    Order, augmentation, dropout and initial weights follow from `trainer.seed` and the epoch, so that a training that
    was killed and is started again gives the same numbers as one that was not.

    Args:
        part: the recipe's trainer part.
        data: of the backend.
        checkpoints: folder of this training's checkpoint, written after every epoch; it stays, so that what
            fails after the training does not lose it (`checkpoint.remove`).
        run_dir: gets `history.csv` after every epoch.
        callbacks: of the caller, beside the training's own.
        seconds: after which no further epoch begins; one epoch is trained in any case.

    Returns:
        The model with the weights of the epoch that is exported, averaged if the recipe says so.

    Raises:
        ValueError: the recipe's weights are not of its network, or it names a layer that the base does not have.
    """
    trainer, deadline = part.trainer, time.monotonic() + seconds
    phases = models.plan_phases(trainer)
    epochs = phases[-1].end
    keras.utils.set_random_seed(trainer.seed)
    exported, base = models.build(part)
    model = models.extend_outputs(exported, part)
    average = Average(model, trainer.optimizer.ema) if trainer.optimizer.ema else None
    state = checkpoint.load(checkpoints) or checkpoint.State(
        epoch=0, weights=[], shadows=[], optimizer=[], best=[], history=[]
    )
    for phase in phases:  # a layer that is missing is named before the first epoch
        models.set_trainable(base, phase)
    if state.epoch:
        progress.say(f"     resumed after epoch {state.epoch} of {epochs}")
        _assign(_weights(model), state.weights)
        if average:
            _assign(average.shadows, state.shadows)
    steps_before = 0
    for phase in phases:
        stage = trainer.list_stages()[phase.stage]
        steps = -(-data.records[phase.stage] // trainer.batch_size)
        begins_at, steps_before = steps_before, steps_before + (phase.end - phase.begin) * steps
        if state.history and time.monotonic() > deadline:
            break
        if state.epoch >= phase.end or _stopped(_of(phase, state.history), trainer.patience):
            continue
        state.epoch = max(state.epoch, phase.begin)  # where patience cut the phase before short
        if trainer.stages:
            count = f"{data.records[phase.stage]:,} records"
            progress.say(f"     stage {stage.name}: {count}, epochs {phase.begin + 1} to {phase.end}")
        models.set_trainable(base, phase, keep_statistics=bool(trainer.initial_weights) and trainer.keep_statistics)
        model.compile(
            optimizer=models.build_optimizer(trainer.optimizer, phase, steps),
            **models.build_losses(part),
            jit_compile=keras.backend.backend() == "jax",  # TensorFlow's XLA is slower for convolutions on a CPU
        )
        model.optimizer.build(model.trainable_variables)
        if state.optimizer and state.epoch > phase.begin:
            _assign(model.optimizer.variables, state.optimizer)
        model.fit(
            data.load_training(state.epoch, phase.stage),
            initial_epoch=state.epoch,
            epochs=phase.end,
            steps_per_epoch=steps,
            shuffle=False,  # the dataset's own order
            verbose=0,
            callbacks=[
                _Epochs(part, phase, epochs, steps, begins_at, state, average, data, checkpoints, run_dir, deadline),
                *callbacks,
            ],
        )
        state.optimizer = []
    if time.monotonic() > deadline and state.epoch < epochs:
        progress.say(f"     out of time after epoch {state.epoch} of {epochs}")
    _assign(_weights(model), state.best)
    _write_history(os.path.join(run_dir, HISTORY_FILE), state.history)
    return exported


class _Epochs(keras.callbacks.Callback):
    """Seeds before an epoch; after it the judgement, the history's row, the checkpoint and a line to the console.

    An epoch of minutes says now and then how far it is.
    """

    def __init__(
        self,
        part: Part,
        phase: models.Phase,
        epochs: int,
        steps: int,
        steps_before: int,
        state: checkpoint.State,
        average: Average | None,
        data: Data,
        checkpoints: str,
        run_dir: str,
        deadline: float,
    ):
        super().__init__()
        self._trainer = part.trainer
        self._phase = phase
        self._epochs = epochs
        self._steps = steps
        self._steps_before = steps_before - phase.begin * steps  # of the epochs before, had they as many as these
        self._state = state
        self._average = average
        self._data = data
        self._checkpoints = checkpoints
        self._run_dir = run_dir
        self._deadline = deadline
        self._began = self._said = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = self._said = time.monotonic()
        for number, layer in enumerate(self.model.layers):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                generator.state.assign([self._trainer.seed * 1000 + number, epoch])

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._trainer.drop_weights and not batch % drop_weights.EVERY:
            self._drop_weights((self._state.epoch + batch / self._steps) / self._epochs)
        if self._average and self.model:  # JAX's weights are those of the step once the model is asked for
            self._average.update(self._steps_before + self._state.epoch * self._steps + batch)
        if time.monotonic() - self._said > SILENCE_S:
            self._said = time.monotonic()
            done, loss = f"step {batch + 1} of {self._steps}", (logs or {}).get("loss", float("nan"))
            progress.say(f"     epoch {self._state.epoch + 1}/{self._epochs} {done} loss {loss:.4f}")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        state, trained = self._state, dict(logs or {})
        if self._average:
            self._average.swap()
        if self._trainer.drop_weights:
            self._drop_weights((epoch + 1) / self._epochs)
        judged = self.model.evaluate(self._data.evaluation, verbose=0, return_dict=True)
        stage = self._phase.stage
        row = {
            "epoch": epoch + 1,
            **({"stage": stage + 1, "records": self._data.records[stage]} if self._trainer.stages else {}),
            **trained,
            **{f"val_{name}": value for name, value in judged.items()},
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "seconds": round(time.monotonic() - self._began, 2),
        }
        is_best = not state.history or row["val_loss"] < min(old["val_loss"] for old in state.history)
        if is_best or self._trainer.exported == "last_epoch":
            state.best = _values(_weights(self.model))
        if self._average:
            self._average.swap()
            state.shadows = _values(self._average.shadows)
        state.history.append(row)
        state.epoch = epoch + 1
        state.weights = _values(_weights(self.model))
        state.optimizer = _values(self.model.optimizer.variables)
        checkpoint.save(self._checkpoints, state)
        _write_history(os.path.join(self._run_dir, HISTORY_FILE), state.history)
        if logs is not None:
            logs.update({name: value for name, value in row.items() if name.startswith(("val_", "learning"))})
        shown = " ".join(f"{name} {row[name]:.4f}" for name in (*trained, *(f"val_{name}" for name in judged)))
        progress.say(f"     epoch {epoch + 1}/{self._epochs} {shown} ({row['seconds']:.0f} s)")
        if time.monotonic() > self._deadline or _stopped(_of(self._phase, state.history), self._trainer.patience):
            self.model.stop_training = True

    def _drop_weights(self, done: float) -> None:
        drop_weights.drop_weights(self.model, drop_weights.compute_share(self._trainer.drop_weights, done))


def _of(phase: models.Phase, history: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Rows of the phase's own epochs: a worse loss before it does not end it, nor a better one."""
    return [row for row in history if phase.begin < row["epoch"] <= phase.end]


def _stopped(history: Sequence[dict[str, float]], patience: int) -> bool:
    """Whether the last `patience` epochs brought no better eval loss."""
    if not patience or not history:
        return False
    losses = [row["val_loss"] for row in history]
    return len(losses) - 1 - losses.index(min(losses)) >= patience


def _weights(model: keras.Model) -> list[keras.Variable]:
    return [weight for weight in model.weights if weight.dtype != "uint32"]  # seeds follow from the epoch


def _values(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _write_history(path: str, history: Sequence[dict[str, float]]) -> None:
    text = io.StringIO()
    rows = csv.DictWriter(text, fieldnames=list(history[0]))
    rows.writeheader()
    rows.writerows(history)
    storage.write_file(path, text.getvalue().encode())
