"""A pack's records in memory, and batches of them changed and scaled where the network is: on any backend of Keras."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfx_ocr.components import progress
from tfx_ocr.components.inputs.changes import Drawn, change, draw_changes, scale
from tfx_ocr.components.tasks.hybrid import find_style_problem
from tfx_ocr.components.trainer.compiled import compile_function
from tfx_ocr.components.trainer.pack import Pack
from tfx_ocr.data import features


class Arrays:
    """`training.Data` of a pack; order and changes follow from seed, epoch and step alone.

    Attributes:
        records: of train that an epoch trains on: each `trainer.every`-th.
        steps: batches of train per epoch.
        evaluation: the batches of eval.
    """

    def __init__(self, pack: Pack):
        """Read the records.

        Raises:
            ValueError: a file is damaged, or `trainer.adversarial` lacks a style.
        """
        self._trainer = pack.part.trainer
        self._spec: Any = pack.part.input  # pictures and their changes: no others are packed
        self._changes: Any = pack.part.trainer.augment
        self._pixels, self._labels, self._styles = _read(pack, "train", self._trainer.every)
        if self._trainer.adversarial and (problem := find_style_problem(self._styles)):
            raise ValueError(problem)
        self.records, size = len(self._labels), self._trainer.batch_size
        self.steps = -(-self.records // size)
        strangers = pack.read_strangers()
        self._strangers = strangers and tuple(map(ops.convert_to_tensor, strangers))  # once to where the network is
        scaled = compile_function(lambda pixels: scale(pixels, self._spec))
        self.evaluation = _Evaluation(*_read(pack, "eval", 1)[:2], size, scaled)
        self._prepare = compile_function(self._change)

    def load_training(self, first_epoch: int) -> Iterator[tuple[Any, Any]]:
        """Yield the batches of all epochs from `first_epoch` on, without an end."""
        trainer = self._trainer
        for epoch in itertools.count(first_epoch):
            order = np.random.default_rng([trainer.seed, epoch]).permutation(self.records)
            for step in range(self.steps):
                rows = order[step * trainer.batch_size : (step + 1) * trainer.batch_size]
                drawn: Drawn = {}
                if self._changes is not None:
                    drawn = draw_changes(_Random([trainer.seed, epoch, step]), len(rows), self._changes, self._spec)
                pixels, labels = self._prepare(self._pixels[rows], self._labels[rows], drawn, self._strangers)
                if trainer.adversarial:
                    numbers = ops.convert_to_numpy(labels).reshape(len(rows), -1)
                    labels = np.concatenate([numbers, self._styles[rows, np.newaxis]], 1)
                yield pixels, labels

    def build_speed(self) -> keras.callbacks.Callback:
        """Return what tells of each epoch how many records per second it took, and how long the others take."""
        return _Speed(self, self._trainer.epochs)

    def _change(self, pixels: Any, labels: Any, drawn: Drawn, strangers: Any) -> tuple[Any, Any]:
        pixels, labels = ops.convert_to_tensor(pixels), ops.convert_to_tensor(labels)
        if self._changes is not None:
            drawn = {name: ops.convert_to_tensor(numbers) for name, numbers in drawn.items()}
            pixels, labels = change(pixels, labels, drawn, strangers, self._changes, self._spec)
        return scale(pixels, self._spec), labels


class _Speed(keras.callbacks.Callback):
    def __init__(self, data: Arrays, epochs: int):
        super().__init__()
        self._data, self._epochs = data, epochs
        self._began = self._trained = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._began = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if batch + 1 == self._data.steps:
            float((logs or {})["loss"])  # waits for what JAX was given to do
            self._trained = time.monotonic() - self._began

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        left = (self._epochs - epoch - 1) * (time.monotonic() - self._began)
        progress.say(f"     {self._data.records / self._trained:,.0f} records/s, at most {left / 60:.0f} min left")


class _Evaluation(keras.utils.PyDataset):
    """Batches of one pass in order, scaled only."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, size: int, scaled: Any):
        super().__init__()
        self._pixels, self._labels, self._size, self._scaled = pixels, labels, size, scaled

    def __len__(self) -> int:
        return -(-len(self._labels) // self._size)

    def __getitem__(self, index: int) -> tuple[Any, np.ndarray]:
        rows = slice(index * self._size, (index + 1) * self._size)
        return self._scaled(ops.convert_to_tensor(self._pixels[rows])), self._labels[rows]


class _Random:
    """`changes.Random` by NumPy, on the host: a few numbers per picture."""

    def __init__(self, seed: Sequence[int]):
        self._seed = seed

    def draw_uniform(self, source: int, shape: Sequence[int], low: float = 0.0, high: float = 1.0) -> np.ndarray:
        return np.random.default_rng([*self._seed, source]).uniform(low, high, shape).astype(np.float32)

    def draw_integers(self, source: int, shape: Sequence[int], stop: int) -> np.ndarray:
        return np.random.default_rng([*self._seed, source]).integers(0, stop, shape, np.int32)


def _read(pack: Pack, split: str, every: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pictures, labels and styles of each `every`-th record.

    Returns:
        [n, height, width, channels] uint8, [n] or [n, numbers] int32, and [n] int32, -1 where unknown.
    """
    spec: Any = pack.part.input
    count = -(-pack.records[split] // every)
    pixels = np.empty((count, spec.height, spec.width, spec.channels), np.uint8)
    labels, styles = [], []
    for place, record in enumerate(itertools.islice(pack.read_split(split), 0, None, every)):
        [content] = record[features.PIXELS_XF]
        pixels[place] = np.frombuffer(content, np.uint8).reshape(pixels.shape[1:])
        labels.append(record[features.LABEL_XF])
        styles += record.get(features.STYLE_XF, [-1])
    numbers = np.array(labels, np.int32)
    return pixels, numbers[:, 0] if numbers.shape[1] == 1 else numbers, np.array(styles, np.int32)
