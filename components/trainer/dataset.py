"""Training's input: what Transform wrote, in an order and with changes that follow from seed and epoch alone."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfx_ocr.components.inputs import input_named
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.stop import Stop
from tfx_ocr.data import features

SHUFFLED = 65_536  # records held in memory for the shuffle: 370 MB of 75 x 75 grey pictures
JUDGED = 256  # pictures a batch when judging
STEPS = 2**20  # more than any epoch has: tells (epoch, step) apart in one number


def matching(patterns: Sequence[str]) -> list[str]:
    """Files of TFX's patterns, such as `fn_args.train_files`, in order."""
    return sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))


def batches(files: Sequence[str], size: int, split: str) -> int:
    """Number of batches of up to `size` records in gzipped TFRecord files.

    Args:
        files: of the split.
        size: of a batch, in records.
        split: its name.

    Raises:
        Stop: they hold no record.
    """
    count = int(_records(files).batch(4096).reduce(0, lambda n, batch: n + tf.shape(batch)[0]))
    if not count:
        raise Stop(
            f"split {split!r} has no records, and training needs it: "
            "give data that has some, or another examples.split in the recipe"
        )
    return -(-count // size)


def training(files: Sequence[str], part: Part, first_epoch: int) -> tf.data.Dataset:
    """Batches of all epochs from `first_epoch` on: the same ones whether training began there or was resumed.

    Args:
        files: gzipped TFRecord files of what Transform wrote.
        part: the recipe's trainer part.
        first_epoch: counted from 0.

    Yields:
        (pictures [batch, height, width, channels] float32, scaled and augmented; labels [batch]), without an end.
    """
    trainer, kind = part.trainer, input_named(part.input)
    seed = tf.constant(trainer.seed, tf.int64)

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        def changed(step: tf.Tensor, batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
            pictures = kind.batch(batch, part.image)
            pictures = kind.augment(pictures, tf.stack([seed, epoch * STEPS + step]), trainer.augment, part.image)
            return kind.scale(pictures, part.image), batch[features.LABEL_XF]

        shuffled = _records(files).shuffle(SHUFFLED, seed=seed * 1000 + epoch, reshuffle_each_iteration=False)
        parsed = shuffled.batch(trainer.batch_size).map(lambda batch: _parsed(batch, part))
        return parsed.enumerate().map(changed, num_parallel_calls=tf.data.AUTOTUNE)

    epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
    return epochs.flat_map(epoch_of).prefetch(tf.data.AUTOTUNE)


def judging(files: Sequence[str], part: Part) -> tf.data.Dataset:
    """Batches of one pass in order, scaled only, kept in memory after the first.

    Their number is declared: Keras takes the end of a dataset of unknown length for a lack of data, and warns.

    Raises:
        Stop: there is no record.
    """
    kind = input_named(part.input)

    def scaled(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        read = _parsed(batch, part)
        return kind.scale(kind.batch(read, part.image), part.image), read[features.LABEL_XF]

    number = tf.data.experimental.assert_cardinality(batches(files, JUDGED, "eval"))
    return _records(files).batch(JUDGED).map(scaled).apply(number).cache().prefetch(tf.data.AUTOTUNE)


def _records(files: Sequence[str]) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(tf.constant(sorted(files), tf.string), compression_type="GZIP")


def _parsed(batch: tf.Tensor, part: Part) -> dict[str, tf.Tensor]:
    written = input_named(part.input).WRITTEN | {features.LABEL_XF: tf.io.FixedLenFeature([], tf.int64)}
    return tf.io.parse_example(batch, written)
