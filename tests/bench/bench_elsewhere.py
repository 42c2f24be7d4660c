"""Records per second of a training, by TensorFlow as the Trainer runs it and elsewhere, on this machine's devices.

Each backend of Keras that is installed trains the same pack, network and batch in a process of its own; the first
steps, which compile, do not count. On a machine without TensorFlow only the others are measured. Writes
tests/bench/results/elsewhere.csv, whose rows name the device.

    tfx-ocr pack lines --out lines.pack
    python tests/bench/bench_elsewhere.py lines.pack
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
from typing import Any

import results

BACKENDS = ("tensorflow", "jax", "torch")
WARM = 3  # steps that compile


def main() -> None:
    """Measure each backend and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=pathlib.Path, help="folder that `tfx-ocr pack` wrote")
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, help="default: those that are installed")
    parser.add_argument("--steps", type=int, default=30, help="that count")
    parser.add_argument("--batch", type=int, default=0, help="records a step; default: the recipe's")
    parser.add_argument("--worker", choices=BACKENDS, help=argparse.SUPPRESS)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    if options.worker:
        sys.stdout.write(json.dumps(measure(options.pack, options.worker, options.steps, options.batch)) + "\n")
        return
    backends = options.backends or [name for name in BACKENDS if importlib.util.find_spec(name)]
    found = [start(backend, sys.argv[1:]) for backend in backends]
    of_batch = ["--batch", str(options.batch)] if options.batch else []
    command = ["python", "tests/bench/bench_elsewhere.py", options.pack.name, "--steps", str(options.steps), *of_batch]
    results.record("elsewhere", [build_row(one, shlex.join(command)) for one in found], options.results)


def start(backend: str, arguments: list[str]) -> dict[str, Any]:
    """Return what `measure` finds in a process of its own."""
    command = [sys.executable, __file__, *arguments, "--worker", backend]
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def build_row(found: dict[str, Any], command: str) -> results.Row:
    """Return one backend's row."""
    return results.Row(
        measure=f"{found['recipe']}, {found['network']}, {found['precision']}, batch {found['batch']}: "
        f"{found['backend']} on {found['device']}",
        value=found["steps"] * found["batch"] / found["seconds"],
        unit="records/s",
        n=f"{found['steps']} steps",
        command=command,
    )


def measure(folder: pathlib.Path, backend: str, steps: int, batch: int) -> dict[str, Any]:
    """Train so many steps after the first on the backend that Keras has, and return what a row tells."""
    import dataclasses

    from tfx_ocr.components.trainer.pack import read_pack
    from tfx_ocr.components.trainer.training import train

    pack = read_pack(folder)
    size = batch or pack.part.trainer.batch_size
    trainer = dataclasses.replace(pack.part.trainer, epochs=1, stages=(), batch_size=size)
    part = dataclasses.replace(pack.part, trainer=trainer)
    if pack.records["train"] < trainer.batch_size:
        raise ValueError(f"{folder} has {pack.records['train']} records of train, a batch {trainer.batch_size}")
    data = Whole(dataclasses.replace(pack, part=part), backend, steps)
    with tempfile.TemporaryDirectory() as work:
        train(part, data, work, work, [build_clock(data)])
    return {
        "recipe": part.name,
        "network": trainer.network,
        "precision": trainer.precision,
        "batch": trainer.batch_size,
        "backend": backend,
        "device": find_device(backend),
        "steps": steps,
        "seconds": data.seconds,
    }


class Whole:
    """`training.Data` of a pack whose one epoch has `WARM` and so many steps more, all of whole batches."""

    def __init__(self, pack: Any, backend: str, steps: int):
        self.steps, self._size, self.seconds = WARM + steps, pack.part.trainer.batch_size, 0.0
        self.records = [self.steps * self._size]
        self._is_dataset = backend == "tensorflow"
        if self._is_dataset:
            from tfx_ocr.components.trainer import fit

            files = [[str(path) for path in sorted((pack.folder / split).iterdir())] for split in pack.records]
            self._data: Any = fit.Files(pack.part, *files)
        else:
            from tfx_ocr.components.trainer.arrays import Arrays

            self._data = Arrays(pack)
        self.evaluation = self._data.evaluation

    def load_training(self, first_epoch: int, stage: int) -> Any:
        """Return the whole batches of all epochs."""
        batches = self._data.load_training(first_epoch, stage)
        if self._is_dataset:  # which Keras takes as it is
            return batches.filter(lambda _, labels: len(labels) == self._size)
        return (batch for batch in batches if len(batch[1]) == self._size)


def build_clock(data: Whole) -> Any:
    """Return a callback that writes to `data` how long the steps after the first took."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
            if batch + 1 in (WARM, data.steps):
                float((logs or {})["loss"])  # waits for what the device was given to do
                data.seconds = time.perf_counter() - data.seconds

    return Clock()


def find_device(backend: str) -> str:
    """Return the name of the device that a backend trains on."""
    if backend == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(devices[0])["device_name"]) if devices else "cpu"


if __name__ == "__main__":
    main()
