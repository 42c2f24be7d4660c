"""Fit a model to what Transform wrote, by TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.stop import Stop
from tfx_ocr.components.tasks.hybrid import find_style_problem
from tfx_ocr.components.trainer import dataset
from tfx_ocr.components.trainer.stages import choose_records, replace_augment
from tfx_ocr.components.trainer.training import train


class Files:
    """`training.Data` of gzipped TFRecords.

    Attributes:
        records: of train that an epoch has, by stage.
        evaluation: the batches of eval.
    """

    def __init__(self, part: Part, train_files: Sequence[str], eval_files: Sequence[str]):
        """Count the records.

        Raises:
            Stop: there is nothing to train on, in all or in a stage, or nothing to judge by, or `trainer.adversarial`
                lacks a style.
        """
        trainer, stages = part.trainer, part.trainer.list_stages()
        self._part, self._train_files = part, train_files
        if trainer.adversarial and (problem := find_style_problem(dataset.read_styles(train_files, trainer.every))):
            raise Stop(problem)
        count = dataset.count_records(train_files, "train", trainer.every)
        needed = any(stage.sources for stage in stages)
        sources = dataset.read_sources(train_files, trainer.every) if needed else []
        try:
            self._choices = [choose_records(stage, sources, trainer.seed) for stage in stages]
        except ValueError as error:
            raise Stop(str(error)) from error
        self.records = [count if choice is None else choice.records for choice in self._choices]
        self.evaluation = dataset.load_evaluation(eval_files, part)

    def load_training(self, first_epoch: int, stage: int) -> tf.data.Dataset:
        """Return `dataset.load_training` of a stage."""
        part = replace_augment(self._part, stage)
        return dataset.load_training(self._train_files, part, first_epoch, self._choices[stage])


def fit(
    part: Part, train_files: Sequence[str], eval_files: Sequence[str], checkpoints: str, run_dir: str
) -> keras.Model:
    """Train the recipe's model, see `training.train`.

    Args:
        part: the recipe's trainer part.
        train_files: gzipped TFRecords of what Transform wrote of train.
        eval_files: likewise of eval, by whose loss the epoch is chosen, unless the recipe exports the last.
        checkpoints: folder of this training's checkpoint.
        run_dir: gets TensorBoard's logs and `history.csv`.

    Returns:
        The model with the weights of the epoch that is exported, averaged if the recipe says so.

    Raises:
        Stop: there is nothing to train on, in all or in a stage, or nothing to judge by.
        ValueError: the recipe's weights are not of its network, or it names a layer that the base does not have.
    """
    data = Files(part, train_files, eval_files)
    return train(part, data, checkpoints, run_dir, [keras.callbacks.TensorBoard(run_dir, write_graph=False)])
