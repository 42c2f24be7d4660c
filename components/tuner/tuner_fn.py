"""The stock Tuner's user code: KerasTuner's random search over the head's hidden layers."""

from __future__ import annotations

import dataclasses

import keras
import keras_tuner
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from tfx_ocr.components import progress
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.trainer import dataset
from tfx_ocr.components.trainer import model as models


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Try `tuner.trials` heads, each for `tuner.epochs` epochs, by the lowest eval loss.

    The hyperparameters are `units_0`, `dropout_0`, `units_1` ..., one pair a hidden layer of `trainer.units`, as the
    Trainer's `run_fn` takes them. The weights are judged as they are, without `optimizer.ema`, and all records are
    trained on, whatever `trainer.stages` says.

    Args:
        fn_args: `custom_config` has the recipe's tuner part as JSON under `recipe`.

    Raises:
        Stop: there is nothing to train on or to judge by.
    """
    part = Part.from_json(fn_args.custom_config["recipe"])
    part = part.change_trainer(stages=())
    train_files, eval_files = dataset.list_files(fn_args.train_files), dataset.list_files(fn_args.eval_files)
    steps = dataset.count_batches(train_files, part.trainer.batch_size, "train")
    return TunerFnResult(
        tuner=_Search(
            lambda chosen: _compiled(part, chosen, steps),
            objective=keras_tuner.Objective("val_loss", "min"),
            max_trials=part.tuner.trials,
            seed=part.trainer.seed,
            directory=fn_args.working_dir,
            project_name="heads",
            overwrite=True,
        ),
        fit_kwargs={
            "x": dataset.load_training(train_files, part, 0),
            "steps_per_epoch": steps,
            "epochs": part.tuner.epochs,
            "shuffle": False,  # the dataset's own order
            "validation_data": dataset.load_evaluation(eval_files, part),
            "verbose": 0,
        },
    )


class _Search(keras_tuner.RandomSearch):
    """Random search that tells of each trial."""

    def on_trial_end(self, trial: keras_tuner.engine.trial.Trial) -> None:
        super().on_trial_end(trial)
        values = " ".join(f"{name} {value}" for name, value in sorted(trial.hyperparameters.values.items()))
        done, score = len(self.oracle.end_order), self.oracle.get_trial(trial.trial_id).score
        loss = "failed" if score is None else f"val_loss {score:.4f}"
        progress.say(f"     trial {done}/{self.oracle.max_trials} {values}: {loss}")


def _compiled(part: Part, chosen: keras_tuner.HyperParameters, steps: int) -> keras.Model:
    """The model that the Trainer would begin with, under a head of the choice's."""
    keras.utils.set_random_seed(part.trainer.seed)
    layers = range(len(part.trainer.units))
    changed = part.change_trainer(
        units=tuple(chosen.Choice(f"units_{layer}", part.tuner.units) for layer in layers),
        dropout=tuple(chosen.Choice(f"dropout_{layer}", part.tuner.dropout) for layer in layers),
        initial_weights="",  # of another head
    )
    model, base = models.build(changed)
    phase = dataclasses.replace(models.plan_phases(changed.trainer)[0], end=part.tuner.epochs)
    models.set_trainable(base, phase)
    model = models.extend_outputs(model, part)
    model.compile(
        optimizer=models.build_optimizer(part.trainer.optimizer, phase, steps),
        **models.build_losses(part),
        jit_compile=False,
    )
    return model
