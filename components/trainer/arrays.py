"""A pack's records in memory, and batches of them changed and scaled where the network is: on any backend of Keras."""

from __future__ import annotations

import functools
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
from tfx_ocr.components.trainer.model import plan_phases
from tfx_ocr.components.trainer.pack import Pack
from tfx_ocr.components.trainer.stages import choose_records
from tfx_ocr.data import features


class Arrays:
    """`training.Data` of a pack; order and changes follow from seed, epoch and step alone.

    Attributes:
        records: of train that an epoch has, by stage.
        evaluation: the batches of eval.
    """

    def __init__(self, pack: Pack):
        """Read the records.

        Raises:
            ValueError: a file is damaged, a stage has no records, or `trainer.adversarial` lacks a style.
        """
        self._trainer = pack.part.trainer
        self._spec: Any = pack.part.input  # pictures and their changes: no others are packed
        self._pixels, self._labels, self._styles, sources = _read(pack, "train", self._trainer.every)
        if self._trainer.adversarial and (problem := find_style_problem(self._styles)):
            raise ValueError(problem)
        size, stages = self._trainer.batch_size, self._trainer.list_stages()
        self._choices = [choose_records(stage, sources, self._trainer.seed) for stage in stages]
        self.records = [len(self._labels) if choice is None else choice.records for choice in self._choices]
        strangers = pack.read_strangers()
        self._strangers = strangers and tuple(map(ops.convert_to_tensor, strangers))  # once to where the network is
        scaled = compile_function(lambda pixels: scale(pixels, self._spec))
        self.evaluation = _Evaluation(*_read(pack, "eval", 1)[:2], size, scaled)

    def load_training(self, first_epoch: int, stage: int) -> Iterator[tuple[Any, Any]]:
        """Yield the batches of all epochs from `first_epoch` on, as a stage has them, without an end."""
        trainer, choice = self._trainer, self._choices[stage]
        changes: Any = trainer.list_stages()[stage].augment or trainer.augment
        strangers = self._strangers if changes is not None and changes.strangers else None
        prepare = compile_function(functools.partial(self._change, changes))
        rows = np.arange(len(self._labels))
        for epoch in itertools.count(first_epoch):
            chosen = rows if choice is None else np.repeat(rows, choice.count_copies(epoch))
            order = np.random.default_rng([trainer.seed, epoch]).permutation(chosen)
            for step, begin in enumerate(range(0, len(order), trainer.batch_size)):
                batch = order[begin : begin + trainer.batch_size]
                drawn: Drawn = {}
                if changes is not None:
                    drawn = draw_changes(_Random([trainer.seed, epoch, step]), len(batch), changes, self._spec)
                pixels, labels = prepare(self._pixels[batch], self._labels[batch], drawn, strangers)
                if trainer.adversarial:
                    numbers = ops.convert_to_numpy(labels).reshape(len(batch), -1)
                    labels = np.concatenate([numbers, self._styles[batch, np.newaxis]], 1)
                yield pixels, labels

    def build_speed(self) -> keras.callbacks.Callback:
        """Return what tells of each epoch how many records per second it took, and how long the others take."""
        phases = plan_phases(self._trainer)
        records = [self.records[phase.stage] for phase in phases for _ in range(phase.begin, phase.end)]
        return _Speed(records, self._trainer.batch_size)

    def _change(self, changes: Any, pixels: Any, labels: Any, drawn: Drawn, strangers: Any) -> tuple[Any, Any]:
        pixels, labels = ops.convert_to_tensor(pixels), ops.convert_to_tensor(labels)
        if changes is not None:
            drawn = {name: ops.convert_to_tensor(numbers) for name, numbers in drawn.items()}
            pixels, labels = change(pixels, labels, drawn, strangers, changes, self._spec)
        return scale(pixels, self._spec), labels


class _Speed(keras.callbacks.Callback):
    def __init__(self, records: Sequence[int], batch_size: int):
        super().__init__()
        self._records, self._batch_size = records, batch_size  # of each epoch
        self._epoch = 0
        self._began = self._trained = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch, self._began = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if (batch + 1) * self._batch_size >= self._records[self._epoch]:
            float((logs or {})["loss"])  # waits for what JAX was given to do
            self._trained = time.monotonic() - self._began

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        per_record = (time.monotonic() - self._began) / self._records[epoch]
        left = sum(self._records[epoch + 1 :]) * per_record
        speed = self._records[epoch] / self._trained
        progress.say(f"     {speed:,.0f} records/s, at most {left / 60:.0f} min left")


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


def _read(pack: Pack, split: str, every: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return pictures, labels, styles and sources of each `every`-th record.

    Returns:
        [n, height, width, channels] uint8, [n] or [n, numbers] int32, [n] int32, -1 where unknown, and n texts.
    """
    spec: Any = pack.part.input
    count = -(-pack.records[split] // every)
    pixels = np.empty((count, spec.height, spec.width, spec.channels), np.uint8)
    labels, styles, sources = [], [], []
    for place, record in enumerate(itertools.islice(pack.read_split(split), 0, None, every)):
        [content] = record[features.PIXELS_XF]
        pixels[place] = np.frombuffer(content, np.uint8).reshape(pixels.shape[1:])
        labels.append(record[features.LABEL_XF])
        styles += record.get(features.STYLE_XF, [-1])
        sources += [source.decode() for source in record.get(features.SOURCE_XF, [])]
    numbers = np.array(labels, np.int32)
    return pixels, numbers[:, 0] if numbers.shape[1] == 1 else numbers, np.array(styles, np.int32), sources
