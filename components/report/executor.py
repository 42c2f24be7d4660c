"""What the report step does: reads what the steps left, writes the page. What is missing is said on the page."""

from __future__ import annotations

import collections
import csv
import datetime
import hashlib
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx import version as tfx_version
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from tfx_ocr.components.artifacts import (
    ANSWERS,
    CALIBRATION_FILE,
    DRIFT_FILE,
    GATE_FILE,
    HISTORY_FILE,
    PORTABLE_FILE,
    REASON_FILE,
    REJECTED_FILE,
    ROUNDING_FILE,
    SUMMARY_FILE,
)
from tfx_ocr.components.reading import list_splits, read_json, read_lines, read_split, read_text
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.report import cards, examples, mistakes, page, pictures, timings
from tfx_ocr.components.report.maps import draw_maps
from tfx_ocr.components.report.run import Picture, Produced, Run
from tfx_ocr.components.tasks import Task, get_task
from tfx_ocr.data import features
from tfx_ocr.data.normalization import normalize_text

MOST_MISTAKES = 24
MOST_EXPLAINED = 8  # wrong answers, and as many right ones

Artifacts = dict[str, list[types.Artifact]]


class Executor(base_executor.BaseExecutor):
    """Makes the page of one run."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:  # noqa: N802
        """Read, render, write.

        Args:
            input_dict: see `component.ReportSpec`.
            output_dict: `report` gets `index.html`, `report.json`, `model_card.md` and `croissant.json`.
            exec_properties: `recipe`: `Recipe.dump_part("report")`; `code_version`; `repeats`: JSON, see `Run`.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        part = Part.from_json(exec_properties["recipe"])
        report = artifact_utils.get_single_uri(output_dict["report"])
        root = os.path.dirname(os.path.dirname(os.path.dirname(report)))  # below it: Report/report/<execution>
        run_id = (self._context.pipeline_run_id or "") if self._context else ""
        uris = {name: artifacts[0].uri for name, artifacts in input_dict.items()}
        given = input_dict["examples"]

        answers = read_lines(uris["evaluation"], f"{ANSWERS}-*.jsonl")
        task = get_task(part.task)
        wrong = _mistakes(answers, task)
        raws = ((split, raw) for split in list_splits(given) for raw in read_split(given, split))
        right = mistakes.select_right(answers or (), MOST_EXPLAINED) if task.heads else []
        found = examples.scan(raws, {answer["source"] for answer in (*(wrong or ()), *right)})
        model_path = path_utils.serving_model_path(uris["model"])
        explained = [answer["source"] for answer in (*(wrong or ())[:MOST_EXPLAINED], *right)] if task.heads else []
        run = Run(
            part=part,
            made=datetime.datetime.now(),
            run_id=run_id,
            began=timings.parse_start(run_id),
            code_version=exec_properties.get("code_version", ""),
            stack=f"TFX {tfx_version.__version__}, TensorFlow {tf.__version__}",
            gate=read_json(uris["evaluation"], GATE_FILE),
            blessed=_flag(input_dict["blessing"][0], "blessed"),
            infra_blessed=_flag(input_dict["infra_blessing"][0], "blessed"),
            infra_reason=read_text(uris["infra_blessing"], REASON_FILE).strip(),
            portable=read_json(uris["infra_blessing"], PORTABLE_FILE),
            pushed=_flag(input_dict["pushed_model"][0], "pushed"),
            manifest=read_json(uris["pushed_model"], "manifest.json"),
            history=_history(uris["model_run"]),
            slices=_slices(uris["evaluation"]) if part.gate and part.gate.slices else None,
            mistakes=wrong,
            right=right,
            maps=draw_maps(
                pathlib.Path(model_path),
                {source: found.images[source] for source in explained if source in found.images},
            ),
            pairs=_pairs(answers),
            confidences=_confidences(answers),
            calibration=read_json(model_path, CALIBRATION_FILE),
            rounding=read_json(model_path, ROUNDING_FILE),
            pictures=_pictures(found.images, wrong or (), task.picture_px),
            counts=found.counts,
            summary=read_json(uris["examples"], SUMMARY_FILE),
            rejected=read_lines(uris["examples"], REJECTED_FILE),
            anomalies=_anomalies(uris["anomalies"]),
            drift=read_json(uris["anomalies"], DRIFT_FILE),
            duplicates=found.duplicates,
            repeats=json.loads(exec_properties.get("repeats") or "{}"),
            produced=[
                _produced(name, artifact, root) for name, artifacts in input_dict.items() for artifact in artifacts
            ],
        )
        html, facts = page.render(run)
        written = {
            "index.html": html,
            "report.json": json.dumps(facts, ensure_ascii=False, indent=1),
            "model_card.md": cards.build_model_card(run, facts),
            "croissant.json": json.dumps(
                cards.build_data_card(run, facts, _list_shards(given)), ensure_ascii=False, indent=1
            ),
        }
        for name, text in written.items():
            io_utils.write_string_file(os.path.join(report, name), text)


def _flag(artifact: types.Artifact, name: str) -> bool | None:
    """A property that TFX sets to 0 or 1; None where it was never set."""
    return bool(artifact.get_int_custom_property(name)) if artifact.has_custom_property(name) else None


def _list_shards(given: list[types.Artifact]) -> list[cards.Shard]:
    [examples_artifact] = given
    shards = []
    for path in sorted(fileio.glob(os.path.join(examples_artifact.uri, "Split-*", "*"))):
        with fileio.open(path, "rb") as file:
            contents = file.read()
        shards.append(
            cards.Shard(
                path=path.removeprefix(f"{examples_artifact.uri}/"),
                size=len(contents),
                sha256=hashlib.sha256(contents).hexdigest(),
            )
        )
    return shards


def _mistakes(answers: list[dict[str, Any]] | None, task: Task) -> list[dict[str, Any]] | None:
    """Return the worst; None where answers are missing, or the task does not say which are wrong."""
    if answers is None or not task.mistakes:
        return None
    return mistakes.select_worst(answers, mistakes.get_finder(task.mistakes), MOST_MISTAKES)


def _pairs(answers: list[dict[str, Any]] | None) -> dict[tuple[str, str], int] | None:
    if answers is None:
        return None
    return collections.Counter((answer["reference"], answer["answer"]) for answer in answers)


def _confidences(answers: list[dict[str, Any]] | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Return of each answer with a probability how high it is, and whether its text is the reference's."""
    judged = [
        (
            found[features.PROBABILITY_OUT],
            normalize_text(found[features.LABEL_OUT]) == normalize_text(answer["reference"]),
        )
        for answer in answers or ()
        if features.PROBABILITY_OUT in (found := answer["outputs"])
    ]
    return (np.array([each for each, _ in judged]), np.array([right for _, right in judged])) if judged else None


def _pictures(images: dict[str, bytes], mistaken: Sequence[dict[str, Any]], longest: int) -> dict[str, Picture]:
    sources = [mistake["source"] for mistake in mistaken if mistake["source"] in images]
    drawn = {source: pictures.make_thumbnail(images[source], longest) for source in sources}
    return {source: picture for source, picture in drawn.items() if picture}


def _history(model_run: str) -> dict[str, list[float | None]] | None:
    """Columns of `history.csv`; a value that is not a finite number is None."""
    text = read_text(model_run, HISTORY_FILE)
    if not text:
        return None
    rows = list(csv.DictReader(text.splitlines()))
    return {name: [_finite(row[name]) for row in rows] for name in rows[0]} if rows else None


def _finite(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _slices(evaluation: str) -> list[dict[str, Any]]:
    """TFMA's metrics of each slice but the whole."""
    import tensorflow_model_analysis as tfma  # seconds, and few recipes have slices

    result = tfma.load_eval_result(evaluation)
    return [
        {
            "slice": ", ".join(f"{feature} {value}" for feature, value in key),
            "metrics": {
                name: value["doubleValue"]
                for outputs in metrics.values()
                for keyed in outputs.values()
                for name, value in keyed.items()
                if "doubleValue" in value
            },
        }
        for key, metrics in result.slicing_metrics
        if key
    ]


def _anomalies(folder: str) -> list[dict[str, str]] | None:
    """Findings of every split's SchemaDiff.pb, in the order of splits and features; None without such a file."""
    paths = sorted(fileio.glob(os.path.join(folder, "Split-*", "SchemaDiff.pb")))
    if not paths:
        return None
    found = []
    for path in paths:
        split = os.path.basename(os.path.dirname(path)).removeprefix("Split-")
        with fileio.open(path, "rb") as file:
            anomalies = anomalies_pb2.Anomalies.FromString(file.read())
        of_split = [("", anomalies.dataset_anomaly_info)] if anomalies.HasField("dataset_anomaly_info") else []
        for feature, info in [*of_split, *sorted(anomalies.anomaly_info.items())]:
            found.append(
                {
                    "split": split,
                    "feature": feature,
                    "severity": anomalies_pb2.AnomalyInfo.Severity.Name(info.severity),
                    "short": info.short_description,
                    "text": info.description,
                }
            )
    return found


def _produced(name: str, artifact: types.Artifact, root: str) -> Produced:
    started, ended = timings.read_times(artifact.uri, artifact.mlmd_artifact.create_time_since_epoch)
    return Produced(
        step=artifact.uri.removeprefix(f"{root}/").split("/")[0],
        name=name,
        type=artifact.type_name,
        id=artifact.id,
        uri=artifact.uri.removeprefix(f"{root}/"),
        started=started,
        ended=ended,
    )
