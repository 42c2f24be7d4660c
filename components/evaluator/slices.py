"""Slices by what no feature of a record says, made from the record: a recipe names them as it names features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.extractors import slice_key_extractor

from tfx_ocr.components.evaluator import records
from tfx_ocr.components.evaluator.answers import read_extracts
from tfx_ocr.data import features

STEPS = (0, 1, 2, 5, 10, 20, 40, 80, 160, 320)  # lengths from which a slice begins


def measure_length(record: Mapping[str, Sequence[Any]]) -> str:
    """Return the slice of a record by its length: a page's in words, else its label's in characters.

    >>> measure_length({"label": ["Số 5".encode()]}), measure_length({"words": [b"TOTAL"] * 500})
    ('2-4', '320-')
    """
    if features.WORDS in record:
        many = len(record[features.WORDS])
    else:
        many = len(b"".join(record.get(features.LABEL, ())).decode())
    begins = max(step for step in STEPS if step <= many)
    ends = next((str(step - 1) for step in STEPS if step > begins), "")
    return str(begins) if ends == str(begins) else f"{begins}-{ends}"


def get_folder(record: Mapping[str, Sequence[Any]]) -> str:
    """Return the first folder of where a record came from: which of several sets in one folder; "." without a folder.

    >>> get_folder({"source": [b"kalapa/images/258/1.jpg"]}), get_folder({"source": [b"1.png"]})
    ('kalapa', '.')
    """
    folder, slash, _ = b"".join(record.get(features.SOURCE, ())).decode().partition("/")
    return folder if slash else "."


def get_style(record: Mapping[str, Sequence[Any]]) -> str:
    """Return the style of a record, `printed` or `handwritten`; "unknown" where it does not say.

    >>> get_style({"style": [b"printed"]}), get_style({})
    ('printed', 'unknown')
    """
    return b"".join(record.get(features.STYLE, ())).decode() or "unknown"


# What a slice is by, and what a record, as `records.parsed` gives it, is in.
DERIVED: dict[str, Callable[[Mapping[str, Sequence[Any]]], str]] = {
    "length": measure_length,
    "folder": get_folder,
    "style": get_style,
}


def insert_extractor(
    defaults: Sequence[tfma.extractors.Extractor], slices: Sequence[str]
) -> list[tfma.extractors.Extractor]:
    """Return TFMA's extractors with one that adds the slices of `DERIVED`, before the one that cuts slices.

    Args:
        defaults: `tfma.default_extractors`.
        slices: the gate's.
    """
    asked = [name for name in slices if name in DERIVED]
    if not asked:
        return list(defaults)
    names = [each.stage_name for each in defaults]
    place = names.index(slice_key_extractor.SLICE_KEY_EXTRACTOR_STAGE_NAME)
    derive = tfma.extractors.Extractor(stage_name="DeriveSlices", ptransform=beam.Map(_derived, asked))
    return [*defaults[:place], derive, *defaults[place:]]


def _derived(extracts: Mapping[str, Any], asked: Sequence[str]) -> dict[str, Any]:
    record = records.parse_record(read_extracts(extracts)[0])
    made = {name: np.array([DERIVED[name](record).encode()], dtype=object) for name in asked}
    return {**extracts, tfma.FEATURES_KEY: {**extracts[tfma.FEATURES_KEY], **made}}
