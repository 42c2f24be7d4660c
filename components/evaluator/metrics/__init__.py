"""The metrics a task is judged by, one module a family: pure functions of pairs of texts, without TensorFlow.

A family is a module with

- `pair(record, outputs) -> (reference, answer)`: what is judged of one example, from the features of its record and the
  outputs of `serving_default` (see `pairs`);
- `NAMES`: metrics of all answers together, more is better but for those in `LOWER_IS_BETTER`;
- `measure(pairs)`: a function of [tests, pairs] counts of these pairs that gives [tests] values of each of `NAMES`.
  What a pair is worth is found once, for any number of resampled tests: `measured` makes metrics and intervals of it;
- `CLASS_NAMES`: metrics of one class, more is better; `classes(pairs) -> {class: {name: value, "support": n}}`;
- `confusion(pairs) -> {(class, class answered): n}`. Both are empty where a task has no classes.

`pairs` are such pairs, or a mapping of them to how often they came; of `measure`, different ones. TFMA gets the same
functions through `tfma_metric`, `tfx-ocr evaluate` calls them as they are.
"""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import load_named

# task in components.tasks.TASKS -> module
METRICS = {
    "classification": "tfx_ocr.components.evaluator.metrics.classification",
    "syllables": "tfx_ocr.components.evaluator.metrics.syllables",
    "sequence": "tfx_ocr.components.evaluator.metrics.text",
    "tagging": "tfx_ocr.components.evaluator.metrics.fields",
}


def get_metrics(task: str) -> ModuleType:
    """Import the metrics that `task` is judged by.

    Raises:
        ValueError: no metrics are named for the task.
    """
    return load_named(METRICS, task, "metrics for task")
