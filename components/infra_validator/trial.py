"""What an export must answer to be served: the contract of `docs/serving-contract.md`, tried on real records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfx_ocr.data import features
from tfx_ocr.serving.export import Export

ANSWERS = (features.LABEL_OUT, features.PROBABILITY_OUT)  # of every task
BEST = (features.LABELS_OUT, features.PROBABILITIES_OUT)  # best first, of tasks that rank
RANKING_TASKS = ("classification",)
NOT_ASKED = (features.LABEL, features.SOURCE, features.GROUP)  # what a client does not know
SAME = 1e-4  # two signatures of one graph; kernels may sum in another order


def try_export(export: Export, records: Sequence[tf.train.Example], task: str) -> None:
    """Ask every signature about `records`, together and one alone.

    Args:
        export: a loaded model.
        records: as ExampleGen wrote them. What a client would not know is taken out before they are asked.
        task: name in `components.tasks.TASKS`.

    Raises:
        ValueError: an answer breaks the contract; the sentence says which signature, which output and how.
    """
    for name in (features.SERVING_DEFAULT, features.SERVE_IMAGES):
        if name not in export.signatures:
            raise ValueError(f"the export has no signature {name!r}; it has {', '.join(sorted(export.signatures))}")
    required = ANSWERS + BEST if task in RANKING_TASKS else ANSWERS
    answers = {}
    for name in sorted(export.signatures):
        answers[name] = _ask(export, name, records, required)
        _compare(name, _ask(export, name, records[:1], required), f"{name} in a batch", _rows(answers[name], 1))
    first, *others = answers
    for name in others:
        _compare(name, answers[name], first, answers[first])


def _ask(
    export: Export, signature: str, records: Sequence[tf.train.Example], required: Sequence[str]
) -> dict[str, np.ndarray]:
    inputs = {name: _input(name, signature, records) for name in export.signatures[signature].inputs}
    outputs = export.answer(signature, inputs)
    for name in required:
        if name not in outputs:
            raise ValueError(f"{signature} has no output {name!r}; it has {', '.join(sorted(outputs))}")
    for name, value in outputs.items():
        if value.shape[:1] != (len(records),):
            raise ValueError(f"{signature} answers {len(records)} questions with {name} of shape {list(value.shape)}")
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise ValueError(f"{signature} answers with a {name} that is not a finite number")
    probability = outputs[features.PROBABILITY_OUT]
    if probability.min() < 0 or probability.max() > 1 + SAME:
        raise ValueError(f"{signature} answers with a {features.PROBABILITY_OUT} outside 0 to 1")
    if BEST[0] in required:
        _check_ranking(signature, outputs)
    return outputs


def _check_ranking(signature: str, outputs: Mapping[str, np.ndarray]) -> None:
    labels, probabilities = (outputs[name] for name in BEST)
    if labels.ndim != 2 or labels.shape != probabilities.shape:
        shapes = " and ".join(f"{name} of shape {list(outputs[name].shape)}" for name in BEST)
        raise ValueError(f"{signature} answers with {shapes}; both must be [batch, top_n]")
    first_is_best = np.array_equal(labels[:, 0], outputs[features.LABEL_OUT]) and _close(
        probabilities[:, 0], outputs[features.PROBABILITY_OUT]
    )
    if not first_is_best or (np.diff(probabilities) > SAME).any():
        raise ValueError(f"{signature} answers with {' and '.join(BEST)} that are not the best first")


def _input(name: str, signature: str, records: Sequence[tf.train.Example]) -> np.ndarray:
    """Serialized tf.Examples, or one feature of each: the input `image_bytes` takes the feature `image`."""
    if name == features.EXAMPLES_IN:
        return np.array([_question(record).SerializeToString() for record in records], dtype=object)
    feature = name.removesuffix("_bytes")
    values = [record.features.feature[feature].bytes_list.value[:] for record in records]
    if not all(len(value) == 1 for value in values):
        raise ValueError(f"{signature} asks for {name!r}, and the records have no feature {feature!r} of one value")
    return np.array([value for (value,) in values], dtype=object)


def _question(record: tf.train.Example) -> tf.train.Example:
    asked = tf.train.Example()
    asked.CopyFrom(record)
    for name in NOT_ASKED:
        asked.features.feature.pop(name, None)
    return asked


def _rows(outputs: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    return {name: value[:count] for name, value in outputs.items()}


def _compare(name: str, ours: Mapping[str, np.ndarray], other: str, theirs: Mapping[str, np.ndarray]) -> None:
    if set(ours) != set(theirs):
        raise ValueError(f"{name} has the outputs {', '.join(sorted(ours))}, and {other} {', '.join(sorted(theirs))}")
    for key, value in ours.items():
        close = _close if value.dtype.kind == "f" else np.array_equal
        if value.shape != theirs[key].shape or not close(value, theirs[key]):
            raise ValueError(f"{name} and {other} give different {key} for the same questions")


def _close(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return np.allclose(ours, theirs, rtol=0, atol=SAME)
