"""The parity gate: the fast form of an export goes with the push where it answers as the export does."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfx_ocr.components.infra_validator.trial import questions
from tfx_ocr.components.inputs import input_named
from tfx_ocr.components.tasks import task_named
from tfx_ocr.data import features
from tfx_ocr.serving.export import Export, first_line
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.flags import Flags
from tfx_ocr.serving.model_server.servable import Backend, open_backend

RECORDS = 500  # at most: a share of 0.99 is known within 0.01 from so many
BATCH = 32
SAME_AT_LEAST = 0.99  # share of the records with equal answers
DISTANCE_AT_MOST = 0.01  # of their probabilities, in the mean


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parity:
    """How an export's fast form compares with the export itself.

    Attributes:
        carried: whether the push carries it.
        reason: why not; "" where it does.
        split: whose records were asked about.
        n: how many.
        same: share of them with equal answers.
        mean_distance: of their probabilities, of a record with several the largest.
        largest_distance: likewise.
        same_at_least: limit.
        mean_distance_at_most: limit.
    """

    carried: bool = False
    reason: str = ""
    split: str = ""
    n: int = 0
    same: float | None = None
    mean_distance: float | None = None
    largest_distance: float | None = None
    same_at_least: float = SAME_AT_LEAST
    mean_distance_at_most: float = DISTANCE_AT_MOST


def parity(export: Export, split: str, records: Sequence[tf.train.Example], kind: str, task: str) -> Parity:
    """Ask an export and its fast form, as the server runs it, the same questions.

    Args:
        export: loaded, and sound by `try_export`: one signature of it answers as the other.
        split: whose records they are.
        records: as ExampleGen wrote them.
        kind: name in `components.inputs.INPUTS`.
        task: name in `components.tasks.TASKS`.
    """
    folder = Path(export.path)
    if not (folder / features.FAST / features.FAST_NETWORK).is_file():
        path = folder / features.FAST / features.FAST_REASON
        return Parity(reason=path.read_text().strip() if path.is_file() else "the export has none")
    try:
        same, distances = _compared(export, folder, records, kind, task)
    except (ServingError, ValueError, RuntimeError, tf.errors.OpError) as error:
        return Parity(split=split, n=len(records), reason=f"it gives no answer: {first_line(error)}")
    found = Parity(
        split=split,
        n=len(records),
        same=float(np.mean(same)),
        mean_distance=float(np.mean(distances)),
        largest_distance=float(np.max(distances)),
    )
    reason = _why_not(found)
    return dataclasses.replace(found, carried=not reason, reason=reason)


def summary(found: Parity) -> str:
    """What is told of it, on one line."""
    if not found.carried:
        return f"left out: {found.reason}"
    return (
        f"carried: {found.same:.4f} of {found.n} answers are the export's, "
        f"probabilities {found.mean_distance:.4f} from its own in the mean"
    )


def _why_not(found: Parity) -> str:
    """Which limit does not hold; "" where all do."""
    if found.same < found.same_at_least:
        return f"{found.same:.4f} of its answers are the export's; at least {found.same_at_least} are asked for"
    if found.mean_distance > found.mean_distance_at_most:
        return (
            f"its probabilities are {found.mean_distance:.4f} from the export's in the mean; "
            f"at most {found.mean_distance_at_most} is asked for"
        )
    return ""


def _compared(
    export: Export, folder: Path, records: Sequence[tf.train.Example], kind: str, task: str
) -> tuple[list[bool], list[float]]:
    """Of each record: whether its answers are equal, and how far their probabilities lie apart."""
    read, sure = task_named(task).ANSWER
    own = input_named(kind).SIGNATURE
    same: list[bool] = []
    distances: list[float] = []
    backend = open_backend(folder, Flags(prefer_tflite_model=True))
    try:
        for begin in range(0, len(records), BATCH):
            asked = questions(records[begin : begin + BATCH], kind)
            expected = export.answer(own, asked[own])
            given = [_answer(backend, signature, inputs, (read, sure)) for signature, inputs in asked.items()]
            same.extend(np.all([_rows(texts == expected[read]).all(1) for texts, _ in given], 0))
            apart = [_rows(np.abs(probabilities - expected[sure])).max(1) for _, probabilities in given]
            distances.extend(np.nan_to_num(np.max(apart, 0), nan=1.0))  # as far as two probabilities can be
    finally:
        backend.close()
    return same, distances


def _answer(
    backend: Backend, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]
) -> list[np.ndarray]:
    """Ask as the server does."""
    definition = backend.signature_defs[signature]
    feeds = {definition.inputs[name].name: value for name, value in inputs.items()}
    return backend.run(feeds, [definition.outputs[name].name for name in outputs])


def _rows(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)
