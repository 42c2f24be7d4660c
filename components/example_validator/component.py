"""ExampleValidator as a component."""

from __future__ import annotations

from tfx import types
from tfx.components.example_validator import component
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec

from tfx_ocr.components.example_validator.executor import ACCEPTED_KEY, SERVING_DIR_KEY, Executor


class ExampleValidator(component.ExampleValidator):
    """TFX's, with an executor that stops the run on any anomaly and measures drift."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self, statistics: types.BaseChannel, schema: types.BaseChannel, serving_dir: str = "", accepted: str = ""
    ):
        """Wire it.

        Args:
            statistics: channel of ExampleStatistics.
            schema: channel of Schema.
            serving_dir: folder of the served versions of this model; need not exist. Its content is not part of the
                cache key: data that did not change is not compared again.
            accepted: who takes the data as it is, and why, as JSON; "" where drift stops as the recipe says.
        """
        super().__init__(statistics=statistics, schema=schema)
        self.exec_properties[SERVING_DIR_KEY] = serving_dir
        self.exec_properties[ACCEPTED_KEY] = accepted
