"""What an export must answer to be served: the contract of `docs/serving-contract.md`, tried on real records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.recipe import Input
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features
from tfx_ocr.serving.model import Model
from tfx_ocr.serving.signature import Signature

SAME = 1e-4  # two signatures of one graph; kernels may sum in another order


def try_export(model: Model, records: Sequence[tf.train.Example], spec: Input, task: str) -> None:
    """Ask every signature about `records`, together and one alone.

    An export may have signatures beyond the contract's two; they are tried too, but need not answer alike.

    Args:
        model: the export, open.
        records: as ExampleGen wrote them. What a client would not know is taken out before they are asked.
        spec: the recipe's `input`.
        task: name in `components.tasks.TASKS`.

    Raises:
        ValueError: an answer breaks the contract; the sentence says which signature, which output and how.
    """
    contract = list(build_requests(records[:1], spec))
    if not set(contract) <= set(model.signatures):
        raise ValueError(
            f"the export has the signatures {', '.join(sorted(model.signatures)) or 'none'}; "
            f"the contract is {' and '.join(sorted(contract))}"
        )
    alone = build_requests(records[:1], spec, model.signatures)
    answers, judge = {}, get_task(task)
    for name, inputs in build_requests(records, spec, model.signatures).items():
        answers[name] = _ask(model, name, inputs, len(records))
        one = _ask(model, name, alone[name], 1)
        compare(name, one, f"{name} in a batch", {key: value[:1] for key, value in answers[name].items()})
        if name in contract and (reason := judge.find_problem(answers[name]) or judge.find_problem(one)):
            raise ValueError(f"{name} {reason}")
    first, other = contract
    compare(other, answers[other], first, answers[first])


def build_requests(
    records: Sequence[tf.train.Example], spec: Input, signatures: Mapping[str, Signature] | None = None
) -> dict[str, dict[str, np.ndarray]]:
    """Build the inputs about `records`, by signature.

    Args:
        records: as ExampleGen wrote them.
        spec: the recipe's `input`.
        signatures: of the export; each beyond the contract's two is given the inputs of the one that takes the same.

    Raises:
        ValueError: the records lack a feature, or a signature takes other inputs.
    """
    kind = get_input(spec.kind)
    asked = [_only(record, kind.RAW) for record in records]
    requests = {spec.SIGNATURE: dict(kind.build_request(asked)), features.SERVING_DEFAULT: _serialized(asked)}
    by_inputs = {frozenset(inputs): inputs for inputs in requests.values()}
    for name, signature in (signatures or {}).items():
        if frozenset(signature.inputs) not in by_inputs:
            allowed = " or ".join(", ".join(sorted(names)) for names in by_inputs)
            raise ValueError(f"{name} takes {', '.join(sorted(signature.inputs)) or 'nothing'}; allowed: {allowed}")
        requests.setdefault(name, by_inputs[frozenset(signature.inputs)])
    return requests


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
            raise ValueError(f"{name} and {other} give different {key} for the same examples")


def _serialized(records: Sequence[tf.train.Example]) -> dict[str, np.ndarray]:
    return {features.EXAMPLES_IN: np.array([record.SerializeToString() for record in records], dtype=object)}


def _only(record: tf.train.Example, names: Mapping[str, object]) -> tf.train.Example:
    """The record with what a client knows."""
    asked = tf.train.Example()
    for name in names:
        if name not in record.features.feature:
            raise ValueError(f"the records lack the feature {name!r}, which a request needs")
        asked.features.feature[name].CopyFrom(record.features.feature[name])
    return asked


def _ask(model: Model, signature: str, inputs: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    outputs = model.ask(signature, inputs)
    for name, value in outputs.items():
        if value.shape[:1] != (count,):
            raise ValueError(f"{signature} answers {count} examples with {name} of shape {list(value.shape)}")
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise ValueError(f"{signature} gives {name} that is not a finite number")
        if name.endswith(features.PROBABILITY_OUT) and (value.min() < 0 or value.max() > 1 + SAME):
            raise ValueError(f"{signature} gives {name} outside 0 to 1")
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
