"""The stock Trainer's user code."""

from __future__ import annotations

import dataclasses

import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.trainer import checkpoint, dataset
from tfx_ocr.components.trainer.export import export
from tfx_ocr.components.trainer.fit import fit
from tfx_ocr.components.trainer.model import convert_to_float32


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
        units = tuple(found[f"units_{layer}"] for layer in layers)
        dropout = tuple(found[f"dropout_{layer}"] for layer in layers)
        part = dataclasses.replace(part, trainer=dataclasses.replace(part.trainer, units=units, dropout=dropout))
    key = [*(fn_args.custom_config[name] for name in ("recipe", "code_version")), *fn_args.train_files]
    checkpoints = checkpoint.get_folder(fn_args.serving_model_dir, [*key, *fn_args.eval_files, repr(part.trainer)])
    train_files, eval_files = dataset.list_files(fn_args.train_files), dataset.list_files(fn_args.eval_files)
    model = fit(part, train_files, eval_files, checkpoints, fn_args.model_run_dir)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    export(convert_to_float32(model, part), transform, part, fn_args.serving_model_dir)
    checkpoint.remove(checkpoints)
