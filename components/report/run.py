"""What the steps of one run left behind, read: all that the page's sections know. No TFX, no TensorFlow."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfx_ocr.components.recipe import Part


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Produced:
    """One artifact and the step that made it.

    Attributes:
        step: the component's id.
        name: of the step's output.
        type: of the artifact.
        id: in the metadata store; 0 where unknown.
        uri: below the pipeline root where it lies there.
        started: when the step began; None where that cannot be known.
        ended: when the artifact was published; None where that cannot be known.
    """

    step: str
    name: str
    type: str
    id: int
    uri: str
    started: datetime.datetime | None = None
    ended: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as the page holds it.

    Attributes:
        uri: `data:image/png;base64,...`.
        width: pixels of what `uri` holds.
        height: likewise.
    """

    uri: str
    width: int
    height: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. What a step did not leave is None.

    Attributes:
        part: the report's share of the recipe.
        made: when the page was made.
        run_id: the orchestrator's name of the run.
        began: when the run began; None where its name does not tell.
        code_version: of the report step.
        stack: versions of what the steps ran on.
        gate: the Evaluator's `gate.json`.
        blessed: what the ModelBlessing says.
        infra_blessed: what the InfraBlessing says.
        infra_reason: its `reason.txt`.
        portable: its `portable.json`.
        pushed: what the PushedModel says.
        manifest: the pushed model's `manifest.json`.
        history: the Trainer's `history.csv`: column to values, one an epoch.
        slices: `slice` as text and `metrics` by name.
        mistakes: see `mistakes.worst`.
        right: see `mistakes.select_right`.
        maps: source to the drawing of what its answer hangs on.
        pairs: reference and answer to how often they came.
        confidences: probability of each answer, and whether it is right, where answers have one: [n] float, [n] bool.
        calibration: the export's `CALIBRATION_FILE`.
        rounding: the export's `ROUNDING_FILE`.
        pictures: source to the picture of a mistake.
        counts: split to label to number of records.
        summary: ExampleGen's `summary.json`.
        rejected: lines of ExampleGen's `rejected.jsonl`: `source` and `reason`.
        anomalies: of each split: `split`, `feature`, `severity`, `short`, `text`.
        drift: ExampleValidator's `drift.json`; None where no version was served.
        duplicates: see `examples.Duplicates`.
        repeats: what trainings on other parts of the data reached, see `report.repeats`.
        produced: the artifacts that the page was made from, in the order of the run.
    """

    part: Part
    made: datetime.datetime
    run_id: str = ""
    began: datetime.datetime | None = None
    code_version: str = ""
    stack: str = ""
    gate: Mapping[str, Any] | None = None
    blessed: bool | None = None
    infra_blessed: bool | None = None
    infra_reason: str = ""
    portable: Mapping[str, Any] | None = None
    pushed: bool | None = None
    manifest: Mapping[str, Any] | None = None
    history: Mapping[str, Sequence[float | None]] | None = None
    slices: Sequence[Mapping[str, Any]] | None = None
    mistakes: Sequence[Mapping[str, Any]] | None = None
    right: Sequence[Mapping[str, Any]] = ()
    maps: Mapping[str, Picture] = dataclasses.field(default_factory=dict)
    pairs: Mapping[tuple[str, str], int] | None = None
    confidences: tuple[np.ndarray, np.ndarray] | None = None
    calibration: Mapping[str, Any] | None = None
    rounding: Mapping[str, Any] | None = None
    pictures: Mapping[str, Picture] = dataclasses.field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] | None = None
    summary: Mapping[str, Any] | None = None
    rejected: Sequence[Mapping[str, str]] | None = None
    anomalies: Sequence[Mapping[str, str]] | None = None
    drift: Mapping[str, Any] | None = None
    duplicates: Mapping[str, Any] | None = None
    repeats: Mapping[str, Any] | None = None
    produced: Sequence[Produced] = ()
