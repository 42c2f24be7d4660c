"""The stock Trainer's user code."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from tfx_ocr.components import progress
from tfx_ocr.components.calibration import Calibration, calibrate
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer import checkpoint, dataset
from tfx_ocr.components.trainer.ensemble import build_ensemble
from tfx_ocr.components.trainer.export import export, ignore_blanks
from tfx_ocr.components.trainer.fit import fit
from tfx_ocr.components.trainer.model import convert_to_float32, list_heads
from tfx_ocr.components.trainer.rounding import round_weights

ROUNDED = 512  # examples of eval by which rounded weights are compared with float32 ones


def run_fn(fn_args: FnArgs) -> None:
    """Train the recipe's model on what Transform wrote, or build it of trained members, and export it.

    Args:
        fn_args: `custom_config` has the recipe's trainer part as JSON under `recipe` and `code_version`;
            `hyperparameters`, where a Tuner ran, replace the head's `units` and `dropout`.
    """
    part = Part.from_json(fn_args.custom_config["recipe"])
    if fn_args.hyperparameters:
        found = fn_args.hyperparameters["values"]
        layers = range(len(part.trainer.units))
        units = tuple(found[f"units_{layer}"] for layer in layers)
        dropout = tuple(found[f"dropout_{layer}"] for layer in layers)
        part = part.change_trainer(units=units, dropout=dropout)
    key = [*(fn_args.custom_config[name] for name in ("recipe", "code_version")), *fn_args.train_files]
    checkpoints = checkpoint.get_folder(fn_args.serving_model_dir, [*key, *fn_args.eval_files, repr(part.trainer)])
    train_files, eval_files = dataset.list_files(fn_args.train_files), dataset.list_files(fn_args.eval_files)
    if part.trainer.members:
        model = build_ensemble(part)
    else:
        model = convert_to_float32(fit(part, train_files, eval_files, checkpoints, fn_args.model_run_dir), part)
    rounding = None
    if part.serving.weights != "float32":
        batches = dataset.load_evaluation(eval_files, part).take(max(1, ROUNDED // part.trainer.batch_size))
        rounding = round_weights(model, batches, part.serving.weights)
        progress.say(
            f"     weights in {rounding.weights}: {rounding.changed} of {rounding.n} examples of eval have another "
            f"answer, a logit lies at most {rounding.largest_distance:.2g} from float32's"
        )
    calibration = fit_calibration(model, eval_files, part)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    export(model, transform, part, fn_args.serving_model_dir, calibration, rounding)
    checkpoint.remove(checkpoints)


def fit_calibration(model: keras.Model, eval_files: Sequence[str], part: Part) -> Calibration | None:
    """Fit the temperature of a trained model on eval; None where the recipe says no, or the task has no classes."""
    if not (part.trainer.calibrate and get_task(part.task).heads):
        return None
    answered = ignore_blanks(model, part)
    batches = [
        (answered.predict_on_batch(taken), labels) for taken, labels in dataset.load_evaluation(eval_files, part)
    ]
    logits, labels = (np.concatenate(each) for each in zip(*batches, strict=True))
    found = calibrate(logits, labels, tuple(list_heads(part).values()))
    progress.say(
        f"     temperature {found.temperature:.3g} by {found.n} examples of eval, {found.wrong} wrong: "
        f"calibration error {found.after:.4f}, {found.before:.4f} without"
    )
    return found
