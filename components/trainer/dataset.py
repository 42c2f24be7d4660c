"""Training's input: what Transform wrote, in an order and with changes that follow from seed and epoch alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.inputs.changes import find_reach
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.stop import Stop
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer.stages import Choice
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.own_code import load_code
from tfx_ocr.data.pixels.strip import add_paper, get_ink, measure_ends
from tfx_ocr.data.registry import load

SHUFFLED_BYTES = 400_000_000  # of records held in memory for the shuffle
FEWEST = 1_000  # records held in any case
STYLE = {features.STYLE_XF: tf.io.FixedLenFeature([], tf.int64, -1)}  # -1: the schema lacks `style`
STEPS = 2**20  # more than any epoch has: tells (epoch, step) apart in one number
WINDOW = 32  # batches of lines that are sorted by width together
ENDS = "ends"  # where the ink of their strips ends, beside what Transform wrote of them


def list_files(patterns: Sequence[str]) -> list[str]:
    """Return the files of TFX's patterns, such as `fn_args.train_files`, in order."""
    return sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))


def count_batches(files: Sequence[str], size: int, split: str, every: int = 1) -> int:
    """Count batches of up to `size` records in gzipped TFRecord files.

    Args:
        files: of the split.
        size: of a batch, in records.
        split: its name.
        every: of how many records one counts.

    Raises:
        Stop: they hold no record.
    """
    return -(-count_records(files, split, every) // size)


def count_records(files: Sequence[str], split: str, every: int = 1) -> int:
    """Count the records of a split, each `every`-th.

    Raises:
        Stop: they hold no record.
    """
    count = int(_records(files, every).batch(4096).reduce(0, lambda n, batch: n + tf.shape(batch)[0]))
    if not count:
        raise Stop(
            f"split {split!r} has no records, and training needs it: "
            "give data that has some, or another examples.split in the recipe"
        )
    return count


def read_styles(files: Sequence[str], every: int = 1) -> np.ndarray:
    """Return the style of each record that is trained on, as Transform wrote it: [records] int64."""
    return np.concatenate([batch[features.STYLE_XF].numpy() for batch in _read_feature(files, every, STYLE)])


def read_sources(files: Sequence[str], every: int = 1) -> list[str]:
    """Return the source of each record that is trained on."""
    kind = {features.SOURCE_XF: tf.io.FixedLenFeature([], tf.string)}
    batches = _read_feature(files, every, kind)
    return [source.decode() for batch in batches for source in batch[features.SOURCE_XF].numpy()]


def _read_feature(files: Sequence[str], every: int, kind: dict[str, Any]) -> tf.data.Dataset:
    return _records(files, every).batch(4096).map(lambda batch: tf.io.parse_example(batch, kind))


def load_training(files: Sequence[str], part: Part, first_epoch: int, choice: Choice | None = None) -> tf.data.Dataset:
    """Read batches of all epochs from `first_epoch` on: the same ones whether training began there or was resumed.

    Args:
        files: gzipped TFRecord files of what Transform wrote.
        part: the recipe's trainer part.
        first_epoch: counted from 0.
        choice: of records that an epoch has; None for all of them.

    Yields:
        (what the network takes, augmented: of pictures [batch, height, width, channels] float32, with `trainer.buckets`
        of the width that the batch needs; what the loss takes, of classes [batch]; with `trainer.adversarial` the style
        behind it), without an end.
    """
    trainer, spec, kind = part.trainer, part.input, get_input(part.input.kind)
    seed = tf.constant(trainer.seed, tf.int64)
    held = _held(files)
    function = load_code(trainer.augment.function) if trainer.augment and trainer.augment.function else None

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        def changed(step: tf.Tensor, read: dict[str, tf.Tensor]) -> tuple[Any, tf.Tensor]:
            batch, labels = kind.read_batch(read, spec), read[features.LABEL_XF]
            if trainer.augment is not None:
                number = tf.stack([seed, epoch * STEPS + step])
                batch, labels = kind.augment(batch, labels, number, trainer.augment, spec)
                if function is not None:
                    batch, labels = function(batch, labels, number, spec)
            if trainer.buckets:
                batch = _cut(batch, read[ENDS], part)
            return kind.scale(batch, spec), _add_style(_to_targets(labels, part), read)

        records = _records(files, trainer.every)
        if choice is not None:
            copies = tf.ensure_shape(tf.numpy_function(choice.count_copies, [epoch], tf.int64), choice.ranks.shape)
            records = tf.data.Dataset.zip((records, tf.data.Dataset.from_tensor_slices(copies))).flat_map(
                lambda record, count: tf.data.Dataset.from_tensors(record).repeat(count)
            )
        shuffled = records.shuffle(held, seed=seed * 1000 + epoch, reshuffle_each_iteration=False)
        size = trainer.batch_size * (WINDOW if trainer.buckets else 1)
        parsed = shuffled.batch(size).map(lambda batch: _parsed(batch, part, trainer.adversarial > 0))
        if trainer.buckets:
            parsed = parsed.enumerate(seed * 1000 + epoch).flat_map(lambda number, window: _sort(window, number, part))
        return parsed.enumerate().map(changed, num_parallel_calls=tf.data.AUTOTUNE)

    epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
    return epochs.flat_map(epoch_of).prefetch(tf.data.AUTOTUNE)


def load_evaluation(files: Sequence[str], part: Part) -> tf.data.Dataset:
    """Read batches of one pass in order, scaled only, kept in memory after the first as small as they were written.

    Their number is declared: Keras takes the end of a dataset of unknown length for a lack of data, and warns.

    Raises:
        Stop: the files hold no record.
    """
    kind, size = get_input(part.input.kind), part.trainer.batch_size

    def scaled(read: dict[str, tf.Tensor]) -> tuple[Any, tf.Tensor]:
        labels = _to_targets(read[features.LABEL_XF], part)
        return kind.scale(kind.read_batch(read, part.input), part.input), labels

    number = tf.data.experimental.assert_cardinality(count_batches(files, size, "eval"))
    parsed = _records(files).batch(size).map(lambda batch: _parsed(batch, part)).cache()
    return parsed.map(scaled).apply(number).prefetch(tf.data.AUTOTUNE)


def _sort(window: dict[str, tf.Tensor], seed: tf.Tensor, part: Part) -> tf.data.Dataset:
    """Return batches of lines that are about as wide as each other, with `ENDS`, in an order that follows the seed."""
    ends = _measure_ends(get_input(part.input.kind).read_batch(window, part.input))
    order = tf.argsort(ends, stable=True)
    ordered = {name: tf.gather(values, order) for name, values in (window | {ENDS: ends}).items()}
    batches = tf.data.Dataset.from_tensor_slices(ordered).batch(part.trainer.batch_size)
    return batches.shuffle(WINDOW, seed=seed, reshuffle_each_iteration=False)


def _cut(strips: tf.Tensor, ends: tf.Tensor, part: Part) -> tf.Tensor:
    """Cut [batch, height, width, 1] to what its longest line needs, given where all ended before they were changed.

    What came in place of a line is cut with the others; noise behind them too.
    """
    changes: Any = part.trainer.augment  # of pictures: strips have no others
    spec: Any = part.input
    height, width = strips.shape[1:3]
    end = tf.reduce_max(ends)
    if changes is not None:
        end = tf.cast(tf.math.ceil(find_reach(tf.cast(end, tf.float32), changes, spec)), tf.int64)
    return tf.ensure_shape(strips[:, :, : tf.minimum(add_paper(end), width)], [None, height, None, 1])


def _measure_ends(strips: tf.Tensor) -> tf.Tensor:
    """Return where the ink of uint8 strips ends: [batch] int64."""
    ends = tf.numpy_function(lambda each: measure_ends(each, get_ink((0, 255))), [strips], tf.int64)
    return tf.ensure_shape(ends, [None])


def _held(files: Sequence[str]) -> int:
    """Records that the shuffle holds: as many as fit `SHUFFLED_BYTES`, by the length of the first."""
    for record in _records(files).take(1):
        return max(FEWEST, SHUFFLED_BYTES // max(1, len(record.numpy())))
    return FEWEST


def _records(files: Sequence[str], every: int = 1) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(tf.constant(sorted(files), tf.string), compression_type="GZIP").shard(every, 0)


def _to_targets(labels: tf.Tensor, part: Part) -> tf.Tensor:
    """What the loss takes from labels."""
    name = get_task(part.task).targets
    return load(name)(labels, part.input, get_alphabet(part.alphabet)) if name else labels


def _add_style(labels: tf.Tensor, read: dict[str, tf.Tensor]) -> tf.Tensor:
    """[batch] or [batch, heads] labels, and the style behind them where it was read: [batch, heads + 1]."""
    if features.STYLE_XF not in read:
        return labels
    heads = labels.shape[1] if labels.shape.rank == 2 else 1
    return tf.concat([tf.reshape(labels, [-1, heads]), read[features.STYLE_XF][:, tf.newaxis]], 1)


def _parsed(batch: tf.Tensor, part: Part, with_style: bool = False) -> dict[str, tf.Tensor]:
    of_label = get_task(part.task).load_graph().get_feature_spec(get_alphabet(part.alphabet))
    style = STYLE if with_style else {}
    read = tf.io.parse_example(batch, {**get_input(part.input.kind).WRITTEN, **of_label, **style})
    label = read[features.LABEL_XF]
    if isinstance(label, tf.RaggedTensor):
        nothing = tf.cast(tf.equal(tf.size(label.flat_values), 0), tf.int32)
        label = tf.pad(label.to_tensor(-1), [[0, 0], [0, nothing]], constant_values=-1)  # to one, as words are
    return read | {features.LABEL_XF: label}
