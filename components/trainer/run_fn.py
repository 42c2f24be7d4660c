"""The stock Trainer's user code."""

from __future__ import annotations

import dataclasses

import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.trainer import checkpoint
from tfx_ocr.components.trainer.export import export
from tfx_ocr.components.trainer.fit import fit


def run_fn(fn_args: FnArgs) -> None:
    """Train the recipe's model on what Transform wrote and export it.

    Args:
        fn_args: `custom_config` has the recipe's trainer part as JSON under `recipe` and `code_version`;
            `hyperparameters`, where a Tuner ran, replace the head's `units` and `dropout`.
    """
    part = Part.from_json(fn_args.custom_config["recipe"])
    if fn_args.hyperparameters:
        found = fn_args.hyperparameters["values"]
        layers = range(len(part.trainer.units))
        head = {name: tuple(found[f"{name}_{layer}"] for layer in layers) for name in ("units", "dropout")}
        part = dataclasses.replace(part, trainer=dataclasses.replace(part.trainer, **head))
    key = [*(fn_args.custom_config[name] for name in ("recipe", "code_version")), *fn_args.train_files]
    checkpoints = checkpoint.folder(fn_args.serving_model_dir, [*key, *fn_args.eval_files, repr(part.trainer)])
    train_files, eval_files = (
        [path for pattern in patterns for path in tf.io.gfile.glob(pattern)]
        for patterns in (fn_args.train_files, fn_args.eval_files)
    )
    model = fit(part, train_files, eval_files, checkpoints, fn_args.model_run_dir)
    export(model, tft.TFTransformOutput(fn_args.transform_output), part, fn_args.serving_model_dir)
