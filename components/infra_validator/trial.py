"""What an export must answer to be served: the contract of `docs/serving-contract.md`, tried on real records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features
from tfx_ocr.serving.export import Export

SAME = 1e-4  # two signatures of one graph; kernels may sum in another order


def try_export(export: Export, records: Sequence[tf.train.Example], kind: str, task: str) -> None:
    """Ask every signature about `records`, together and one alone.

    Args:
        export: a loaded model.
        records: as ExampleGen wrote them. What a client would not know is taken out before they are asked.
        kind: name in `components.inputs.INPUTS`.
        task: name in `components.tasks.TASKS`.

    Raises:
        ValueError: an answer breaks the contract; the sentence says which signature, which output and how.
    """
    together, alone = build_requests(records, kind), build_requests(records[:1], kind)
    if set(together) != set(export.signatures):
        raise ValueError(
            f"the export has the signatures {', '.join(sorted(export.signatures)) or 'none'}; "
            f"the contract is {' and '.join(sorted(together))}"
        )
    answers = {}
    for name in together:
        answers[name] = _ask(export, name, together[name], len(records), task)
        one = _ask(export, name, alone[name], 1, task)
        compare(name, one, f"{name} in a batch", {key: value[:1] for key, value in answers[name].items()})
    (first, ours), (other, theirs) = answers.items()
    compare(other, theirs, first, ours)


def build_requests(records: Sequence[tf.train.Example], kind: str) -> dict[str, dict[str, np.ndarray]]:
    """What to ask about `records`: signature to its inputs, for the input's own signature and for `serving_default`.

    Raises:
        ValueError: the records lack what is asked about.
    """
    asking = get_input(kind)
    asked = [_only(record, asking.RAW) for record in records]
    return {asking.SIGNATURE: asking.question(asked), features.SERVING_DEFAULT: _serialized(asked)}


def compare(name: str, ours: Mapping[str, np.ndarray], other: str, theirs: Mapping[str, np.ndarray]) -> None:
    """Hold the answers of two ways to ask against each other.

    Args:
        name: of one way.
        ours: its answers, by output; their types say what is compared as floats, within `SAME`.
        other: of the other way.
        theirs: its answers.

    Raises:
        ValueError: they differ, padding aside.
    """
    if set(ours) != set(theirs):
        raise ValueError(f"{name} has the outputs {', '.join(sorted(ours))}, and {other} {', '.join(sorted(theirs))}")
    for key, value in ours.items():
        one, two = _unpadded(value, theirs[key])
        if one.shape != two.shape or not (_close(one, two) if value.dtype.kind == "f" else np.array_equal(one, two)):
            raise ValueError(f"{name} and {other} give different {key} for the same questions")


def _serialized(records: Sequence[tf.train.Example]) -> dict[str, np.ndarray]:
    return {features.EXAMPLES_IN: np.array([record.SerializeToString() for record in records], dtype=object)}


def _only(record: tf.train.Example, names: Mapping[str, object]) -> tf.train.Example:
    """The record with what a client knows."""
    asked = tf.train.Example()
    for name in names:
        if name not in record.features.feature:
            raise ValueError(f"the records have no feature {name!r}, which is what is asked about")
        asked.features.feature[name].CopyFrom(record.features.feature[name])
    return asked


def _ask(
    export: Export, signature: str, inputs: Mapping[str, np.ndarray], count: int, task: str
) -> dict[str, np.ndarray]:
    outputs = export.answer(signature, inputs)
    for name, value in outputs.items():
        if value.shape[:1] != (count,):
            raise ValueError(f"{signature} answers {count} questions with {name} of shape {list(value.shape)}")
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise ValueError(f"{signature} answers with a {name} that is not a finite number")
        if name.endswith(features.PROBABILITY_OUT) and (value.min() < 0 or value.max() > 1 + SAME):
            raise ValueError(f"{signature} answers with a {name} outside 0 to 1")
    if reason := get_task(task).why_not(outputs):
        raise ValueError(f"{signature} {reason}")
    return outputs


def _unpadded(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both cut to the shorter's second dimension where what is cut off is padding: "" and 0.

    Answers of one entry a word or character are as long as the longest of their batch.
    """
    if one.ndim != two.ndim or one.ndim < 2:
        return one, two
    length = min(one.shape[1], two.shape[1])
    padded = [each for each in (one, two) if not any(value not in (b"", 0) for value in each[:, length:].ravel())]
    return (one[:, :length], two[:, :length]) if len(padded) == 2 else (one, two)


def _close(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return np.allclose(ours, theirs, rtol=0, atol=SAME)
