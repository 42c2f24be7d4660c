"""ExampleValidator as a component."""

from __future__ import annotations

from tfx.components.example_validator import component
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec

from tfx_ocr.components.example_validator.executor import Executor


class ExampleValidator(component.ExampleValidator):
    """TFX's, with an executor that stops the run on any anomaly."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
