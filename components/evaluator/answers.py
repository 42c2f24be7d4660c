"""Every answer of an evaluation, one JSON object a line in `answers-*.jsonl` beside TFMA's own files.

A line holds
- `source`, `group`: the record's, "" where it has none;
- `label`: the reference;
- `outputs`: what the model answered, `label`, `probability` and every other output of one value;
- `record`: digest of the record's features, the same whichever way and in whichever order they were written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.extractors import extractor

from tfx_ocr.data import features

FILES = "answers"  # answers-00000-of-00001.jsonl
KEY = "answers"


def evaluator() -> tfma.evaluators.Evaluator:
    """Takes lines of `answers-*.jsonl` from the extracts that TFMA's own metrics are computed from."""
    return tfma.evaluators.Evaluator(
        stage_name="AnswersEvaluator",
        run_after=extractor.LAST_EXTRACTOR_STAGE_NAME,
        ptransform=_ToLines(),
    )


def writer(folder: str) -> tfma.writers.Writer:
    """Writes them below `folder`."""
    return tfma.writers.Writer(stage_name="AnswersWriter", ptransform=_Write(f"{folder}/{FILES}"))


class _ToLines(beam.PTransform):
    def expand(self, extracts: beam.PCollection) -> dict[str, beam.PCollection]:
        return {KEY: extracts | "ToLine" >> beam.Map(line)}


class _Write(beam.PTransform):
    def __init__(self, prefix: str):
        super().__init__()
        self._prefix = prefix

    def expand(self, evaluation: dict[str, beam.PCollection]) -> beam.PCollection:
        return evaluation[KEY] | "WriteAnswers" >> beam.io.WriteToText(self._prefix, file_name_suffix=".jsonl")


def line(extracts: dict[str, Any]) -> str:
    """One answer as a line of JSON.

    Args:
        extracts: TFMA's, of one example: the raw record under `tfma.INPUT_KEY`, the model's outputs of it under
            `tfma.PREDICTIONS_KEY`.
    """
    (raw,) = np.asarray(extracts[tfma.INPUT_KEY], dtype=object).reshape(-1)
    example = tf.train.Example.FromString(raw)
    answer = {
        "source": text_of(example, features.SOURCE),
        "group": text_of(example, features.GROUP),
        "label": text_of(example, features.LABEL),
        "outputs": {
            name: _plain(value) for name, value in extracts[tfma.PREDICTIONS_KEY].items() if np.asarray(value).size == 1
        },
        "record": record_digest(example),
    }
    return json.dumps(answer, ensure_ascii=False)


def text_of(example: tf.train.Example, name: str) -> str:
    """The first value of a bytes feature as text; "" where the record has none."""
    values = example.features.feature[name].bytes_list.value if name in example.features.feature else ()
    return values[0].decode() if values else ""


def record_digest(example: tf.train.Example) -> str:
    """32 hex digits of the SHA-256 over names and values of a record's features; empty features do not count."""
    digest = hashlib.sha256()
    for name in sorted(example.features.feature):
        feature = example.features.feature[name]
        kind = feature.WhichOneof("kind")
        if kind and (values := getattr(feature, kind).value):
            digest.update(repr((name, kind, list(values))).encode())
    return digest.hexdigest()[:32]


def examples_digest(records: Iterable[str]) -> str:
    """64 hex digits over a split's record digests, in any order: equal for equal examples."""
    return hashlib.sha256("\n".join(sorted(records)).encode()).hexdigest()


def _plain(value: Any) -> str | int | float:
    (only,) = np.asarray(value).reshape(-1).tolist()
    return only.decode() if isinstance(only, bytes) else only
