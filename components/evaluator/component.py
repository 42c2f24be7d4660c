"""Evaluator: TFX's, with an executor that judges by the recipe's gate and against the version that is served."""

from __future__ import annotations

import tensorflow_model_analysis as tfma
from tfx import types
from tfx.components.evaluator import component as stock
from tfx.dsl.components.base import executor_spec

from tfx_ocr.components.evaluator.executor import Executor

SERVING_DIR_KEY, RESTORED_KEY = "serving_dir", "restored"


class Evaluator(stock.Evaluator):
    """TFX's Evaluator: outputs `evaluation` and `blessing`, read by whatever reads the stock one's.

    What is judged, how and on which split comes from the exec property `recipe`; the stock `eval_config` stays empty.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel, model: types.BaseChannel, serving_dir: str, restored: int = 0):
        """Wire it.

        Args:
            examples: channel of Examples, with the gate's split.
            model: channel of the Model to judge.
            serving_dir: folder of the served versions of this model; need not exist. Its content is not part of
                the cache key: a run in which nothing else changed is not judged again.
            restored: number of the newest version that was restored by hand, part of the cache key: after it, a model
                that was refused in comparison with another version is judged again.
        """
        super().__init__(examples=examples, model=model, eval_config=tfma.EvalConfig())
        self.exec_properties[SERVING_DIR_KEY] = serving_dir
        self.exec_properties[RESTORED_KEY] = restored
