"""`python -m tfx_ocr.components.trainer.elsewhere`: train a pack on JAX or PyTorch, without TensorFlow and TFX.

What is trained, and how, is what the Trainer does; what comes out is a weights file that `trainer.initial_weights`
takes.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tfx_ocr.components import progress
from tfx_ocr.components.trainer.pack import TRAINING, Pack, compute_version, read_pack

BACKENDS = ("jax", "torch")  # of Keras; the first that is installed
PRECISIONS = ("float32", "mixed_bfloat16")
ENDING = ".weights.h5"  # Keras writes weights alone to such files


def train_pack(pack: Pack, out: Path, seconds: float = math.inf) -> Path:
    """Train a pack on the backend that Keras has, and write the weights.

    A training that was ended, however it was, goes on after its last epoch.

    Args:
        pack: to train.
        out: weights file to write, whole or not at all.
        seconds: after which no further epoch begins.

    Returns:
        The folder of the training's checkpoint and `history.csv`.

    Raises:
        ValueError: a file is damaged, or the recipe's weights or layers are not of its network.
    """
    from tfx_ocr.components.trainer.arrays import Arrays
    from tfx_ocr.components.trainer.checkpoint import hash_key
    from tfx_ocr.components.trainer.training import train

    version = compute_version()
    if version != pack.version:
        progress.say(f"packed by code version {pack.version}, trained by {version}: what is learned may differ")
    weights = os.path.basename(pack.part.trainer.initial_weights)  # the pack may lie elsewhere the next time
    key = [version, pack.digest, repr(pack.part.change_trainer(initial_weights=weights))]
    folder = pack.folder / TRAINING / hash_key(key)
    data = Arrays(pack)
    count = -(-pack.records["train"] // pack.part.trainer.every)
    progress.say(f"{count:,} records of train, {pack.records['eval']:,} of eval; checkpoints in {folder}")
    model = train(pack.part, data, str(folder), str(folder), [data.build_speed()], seconds)
    unfinished = out.with_name(f".{os.getpid()}.{out.name}")
    model.save_weights(unfinished)
    unfinished.replace(out)
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what the command line names; what is wrong is one sentence, with exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m tfx_ocr.components.trainer.elsewhere", description=main.__doc__)
    parser.add_argument("pack", type=Path, help="folder that `tfx-ocr pack` wrote")
    parser.add_argument(
        "--backend", choices=BACKENDS, help=f"of Keras; else the first of {', '.join(BACKENDS)} installed"
    )
    parser.add_argument("--precision", choices=PRECISIONS, help="in place of the recipe's trainer.precision")
    parser.add_argument("--minutes", type=float, help="begin no further epoch after so many; the same command goes on")
    parser.add_argument("--out", type=Path, help=f"weights file to write; else PACK/NAME{ENDING}")
    options = parser.parse_args(arguments)
    backend = options.backend or next(filter(importlib.util.find_spec, BACKENDS), None)
    try:
        for name in (backend, "keras"):
            if name is None or importlib.util.find_spec(name) is None:
                raise ValueError(f"{name or ' or '.join(BACKENDS)} is not installed: see docs/elsewhere.md")
        if options.minutes is not None and not options.minutes > 0:
            raise ValueError(f"--minutes is {options.minutes:g}; it takes a number above 0")
        pack = read_pack(options.pack)
        if options.precision:
            pack = dataclasses.replace(pack, part=pack.part.change_trainer(precision=options.precision))
        out = (options.out or options.pack / f"{pack.part.name}{ENDING}").absolute()
        if not out.name.endswith(ENDING):
            raise ValueError(f"--out is {options.out}; the name of a weights file ends in {ENDING}")
        if not out.parent.is_dir():
            raise ValueError(f"--out is {options.out}: no folder {out.parent}")
        os.environ["KERAS_BACKEND"] = backend  # before Keras is imported
        train_pack(pack, out, 60 * options.minutes if options.minutes else math.inf)
    except (ValueError, OSError) as error:
        parser.exit(2, f"{error}\n")
    progress.say(f"weights: {out}")
    progress.say(f"next, where the pipeline is: tfx-ocr run {pack.part.name} --set trainer.initial_weights={out.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
