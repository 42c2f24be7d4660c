"""The parity gate: an export's portable form goes with the push where it answers as the SavedModel does."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from rapidfuzz.distance import Levenshtein

from tfx_ocr.components.infra_validator.trial import build_requests
from tfx_ocr.components.recipe import Input
from tfx_ocr.components.tasks import get_task
from tfx_ocr.serving.portable.form import REASON
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder
from tfx_ocr.serving.runtimes.runtime import Runtime, get_first_line

RECORDS = 500  # at most
BATCH = 32
SAME = 1.0  # share of equal answers, at least
# Mean distance of probabilities, at most, by how weights are stored: as float16, LiteRT rounds those of a convolution
# after it has multiplied them with the scale of the BatchNorm behind it (measured on 120 lines: 1.2e-4).
DISTANCE = {"float32": 1e-4, "float16": 1e-3, "int8": 1e-4}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parity:
    """How the portable form of an export compares with its SavedModel.

    Attributes:
        carried: whether the push carries it.
        reason: why not; "" where it does.
        split: whose records were asked about.
        n: how many.
        same: mean of the records' share of equal answers: see `compare_answers`.
        mean_distance: of the probabilities of equal answers, likewise.
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
    same_at_least: float = SAME
    mean_distance_at_most: float = DISTANCE["float32"]


def measure_parity(
    model: Runtime,
    split: str,
    records: Sequence[tf.train.Example],
    spec: Input,
    task: str,
    weights: str = "float32",
) -> Parity:
    """Ask an export and its portable form about the same records.

    Args:
        model: loaded, and sound by `try_export`: one signature of it answers as the other.
        split: whose records they are.
        records: as ExampleGen wrote them.
        spec: the recipe's `input`.
        task: name in `components.tasks.TASKS`.
        weights: how the export stores them: the recipe's `serving.weights`.
    """
    if not (model.path / PORTABLE).is_file():
        path = (model.path / PORTABLE).with_name(REASON)
        return Parity(reason=path.read_text().strip() if path.is_file() else "the export lacks one")
    if not records:
        return Parity(split=split, reason=f"the {split} split holds no records to compare it on")
    try:
        same, means, largest = zip(*_compare(model, records, spec, task), strict=True)
    except ValueError as error:
        return Parity(split=split, n=len(records), reason=f"it gives no answer: {get_first_line(error)}")
    found = Parity(
        split=split,
        n=len(records),
        same=float(np.mean(same)),
        mean_distance=float(np.mean(means)),
        largest_distance=float(np.max(largest)),
        mean_distance_at_most=DISTANCE[weights],
    )
    reason = _explain(found)
    return dataclasses.replace(found, carried=not reason, reason=reason)


def summarize(found: Parity) -> str:
    """Summarize a comparison on one line."""
    if not found.carried:
        return f"left out: {found.reason}"
    return (
        f"carried: on {found.n} records of {found.split} {_share(found.same)} answers are the SavedModel's, "
        f"their probabilities {found.mean_distance:.2g} apart in the mean"
    )


def _share(same: float) -> str:
    return "all of its" if same == 1 else f"{100 * same:.6g} % of its"


def _explain(found: Parity) -> str:
    """Say which limit is exceeded; "" where all hold."""
    if found.same < found.same_at_least:
        least = f"at least {100 * found.same_at_least:.6g} % is required"
        return f"{_share(found.same)} answers are the SavedModel's; {least}"
    if found.mean_distance > found.mean_distance_at_most:
        return (
            f"its probabilities are {found.mean_distance:.2g} from the SavedModel's in the mean; "
            f"at most {found.mean_distance_at_most} is allowed"
        )
    return ""


def _compare(
    model: Runtime, records: Sequence[tf.train.Example], spec: Input, task: str
) -> list[tuple[float, float, float]]:
    """Compare the answers about each record under each signature."""
    outputs = get_task(task).compared
    found: list[tuple[float, float, float]] = []
    with open_folder(model.path, forms=(PORTABLE, SAVED_MODEL)) as other:
        for begin in range(0, len(records), BATCH):
            requests = build_requests(records[begin : begin + BATCH], spec)
            whole = model.ask(spec.SIGNATURE, requests[spec.SIGNATURE], outputs=outputs)
            for signature, inputs in requests.items():
                part = other.ask(signature, inputs, outputs=outputs)
                found.extend(map(compare_answers, *part.values(), *whole.values()))
    return found


def compare_answers(read: Any, sure: Any, whole_read: Any, whole_sure: Any) -> tuple[float, float, float]:
    """Measure how far two answers about one record agree.

    Args:
        read: a text as bytes, or an array of such: a line's characters, a page's fields.
        sure: its probability, or theirs.
        whole_read: the other's.
        whole_sure: likewise.

    Returns:
        Share of the texts that are equal where the two are aligned with the fewest edits, 1 where both are empty; mean
        and largest distance of the probabilities of those. Texts that are empty on both sides are left out.
    """
    ours, theirs = np.atleast_1d(read).tolist(), np.atleast_1d(whole_read).tolist()
    edits = Levenshtein.editops(ours, theirs)
    given = (
        (edit.tag != "insert" and ours[edit.src_pos]) or (edit.tag != "delete" and theirs[edit.dest_pos])
        for edit in edits
    )
    different = sum(map(bool, given))
    mine, other = np.atleast_1d(sure), np.atleast_1d(whole_sure)
    apart = [
        abs(mine[block.a + place] - other[block.b + place])
        for block in edits.as_matching_blocks()
        for place in range(block.size)
        if ours[block.a + place]
    ]
    if not apart:
        return float(not different), 0.0, 0.0
    finite = np.nan_to_num(apart, nan=1.0)  # as far as two probabilities can be
    return len(apart) / (len(apart) + different), float(finite.mean()), float(finite.max())
