"""The metrics a task is judged by, one module a family: pure functions of pairs of texts, without TensorFlow.

A family is a module with

- `pair(record, outputs) -> (reference, answer)`: what is judged of one example, from the features of its record and the
  outputs of `serving_default` (see `pairs`);
- `NAMES`: metrics of all answers together; `metrics(pairs) -> {name: value}`;
- `CLASS_NAMES`: metrics of one class; `classes(pairs) -> {class: {name: value, "support": n}}`, empty where a task has
  no classes;
- `intervals(pairs) -> {name: (low, high)}`: 95 % of resampled tests give a value between them.

`pairs` are such pairs, or a mapping of them to how often they came. TFMA gets the same functions through `tfma_metric`,
`tfx-ocr evaluate` calls them as they are.
"""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import named

# task in components.tasks.TASKS -> module
METRICS = {
    "classification": "tfx_ocr.components.evaluator.metrics.classification",
}


def family(task: str) -> ModuleType:
    """Import the metrics that `task` is judged by.

    Raises:
        ValueError: no metrics are named for the task.
    """
    return named(METRICS, task, "metrics for task")
