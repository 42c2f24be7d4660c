"""Every answer of an evaluation, one JSON object a line in `answers-*.jsonl` beside TFMA's own files.

A line holds
- `source`, `group`: the record's, "" where unknown;
- `reference`, `answer`: the pair that is judged, as the task's family of metrics makes it;
- `outputs`: `label` and `probability` as the model gave them, where the task has them;
- `record`: digest of the record's features, the same whichever way and in whichever order they were written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.extractors import extractor

from tfx_ocr.components.artifacts import ANSWERS
from tfx_ocr.components.evaluator import metrics, records
from tfx_ocr.components.evaluator.metrics.pairs import get_text
from tfx_ocr.data import features

KEY = "answers"
SHOWN = (features.LABEL_OUT, features.PROBABILITY_OUT)


def create_evaluator(family: str) -> tfma.evaluators.Evaluator:
    """Create the evaluator that writes lines of `answers-*.jsonl` from the extracts of TFMA's own metrics."""
    return tfma.evaluators.Evaluator(
        stage_name="AnswersEvaluator",
        run_after=extractor.LAST_EXTRACTOR_STAGE_NAME,
        ptransform=_format_lines(family),
    )


def create_writer(folder: str) -> tfma.writers.Writer:
    """Write the lines of `create_evaluator` below `folder`."""
    return tfma.writers.Writer(stage_name="AnswersWriter", ptransform=_write(f"{folder}/{ANSWERS}"))


@beam.ptransform_fn
def _format_lines(extracts: beam.PCollection, family: str) -> dict[str, beam.PCollection]:
    return {KEY: extracts | "ToLine" >> beam.Map(format_line, family)}


@beam.ptransform_fn
def _write(evaluation: dict[str, beam.PCollection], prefix: str) -> beam.PCollection:
    return evaluation[KEY] | "WriteAnswers" >> beam.io.WriteToText(prefix, file_name_suffix=".jsonl")


def read_extracts(extracts: Mapping[str, Any]) -> tuple[bytes, dict[str, np.ndarray]]:
    """Return the raw record and the model's outputs of it, however TFMA wrapped them.

    Args:
        extracts: TFMA's, of one example.

    Returns:
        The serialized tf.Example; each output without the batch's axis.
    """
    (raw,) = np.asarray(extracts[tfma.INPUT_KEY], dtype=object).reshape(-1)
    return raw, {name: np.asarray(value) for name, value in extracts[tfma.PREDICTIONS_KEY].items()}


def format_line(extracts: Mapping[str, Any], family: str) -> str:
    """Return one answer as a line of JSON.

    Args:
        extracts: TFMA's, of one example.
        family: name in `METRICS`.
    """
    raw, outputs = read_extracts(extracts)
    record = records.parse_record(raw)
    reference, answer = metrics.get_metrics(family).make_pair(record, outputs)
    found = {
        "source": get_text(record, features.SOURCE) if features.SOURCE in record else "",
        "group": get_text(record, features.GROUP) if features.GROUP in record else "",
        "reference": reference,
        "answer": answer,
        "outputs": {name: _plain(outputs[name]) for name in SHOWN if name in outputs},
        "record": records.digest_record(raw),
    }
    return json.dumps(found, ensure_ascii=False)


def _plain(value: np.ndarray) -> str | float:
    (only,) = value.reshape(-1).tolist()
    return only.decode() if isinstance(only, bytes) else only
