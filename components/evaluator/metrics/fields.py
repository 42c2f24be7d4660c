"""Precision, recall and F1 of fields, exact and normalised, of pairs of JSON objects {field: value}.

A predicted value is a hit where the reference has the field and the two values are equal under the rule:
`data.normalization.normalize_exact`, or `normalize_field` for the metrics whose names end in `_normalised`. Every
predicted value counts against precision and every reference value against recall, so a wrong value counts against
both. A value that the rule reduces to an empty text counts as absent.

Of a record only the fields that it names are judged: one whose supplier was not annotated cannot say that it was
answered wrongly. A field named with an empty value was found to be missing on the page: any answer to it is wrong.
Micro averages are of all fields' counts together, macro F1 is the mean of the fields' F1.

Source: SROIE (Huang et al., "ICDAR2019 competition on scanned receipt OCR and information extraction", 2019), task 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from tfx_ocr.components.evaluator.metrics.bootstrap import Averages
from tfx_ocr.components.evaluator.metrics.pairs import (
    Outputs,
    Pair,
    Pairs,
    Record,
    compute_rates,
    count_pairs,
    get_texts,
)
from tfx_ocr.data import features, normalization

RULES = {"": lambda _, value: normalization.normalize_exact(value), "_normalised": normalization.normalize_field}
NAMES = tuple(f"{name}{rule}" for rule in RULES for name in ("micro_precision", "micro_recall", "micro_f1", "macro_f1"))
CLASS_NAMES = tuple(f"{name}{rule}" for rule in RULES for name in ("precision", "recall", "f1"))
LOWER_IS_BETTER: frozenset[str] = frozenset()


def make_pair(record: Record, outputs: Outputs) -> Pair:
    """Return the fields that the record names, and what was predicted for those, as JSON objects."""
    nothing: Record = {features.FIELD_NAMES: [], features.FIELD_VALUES: []}  # a record's features are never empty
    written = {**nothing, **record}
    names, values = get_texts(written, features.FIELD_NAMES), get_texts(written, features.FIELD_VALUES)
    answers = zip(
        get_texts(outputs, features.FIELD_NAMES_OUT), get_texts(outputs, features.FIELD_VALUES_OUT), strict=True
    )
    answered = {name: value for name, value in answers if value and name in names}
    return _as_json(dict(zip(names, values, strict=True))), _as_json(answered)


def measure(pairs: Sequence[Pair]) -> Averages:
    """Prepare micro and macro averages for any count of the pairs.

    Args:
        pairs: JSON objects of what was written down and of what was answered, as `make_pair` gives them.

    Returns:
        [tests, pairs] counts to [tests] fractions from 0 to 1 under each of `NAMES`.
    """
    _, of_pair = _counts(pairs)
    flat = of_pair.reshape(len(pairs), of_pair[0].size)

    def averages(counts: np.ndarray) -> dict[str, np.ndarray]:
        sums = (counts @ flat).reshape(len(counts), *of_pair.shape[1:])
        found: dict[str, np.ndarray] = {}
        for place, rule in enumerate(RULES):
            hits, support, answered = np.moveaxis(sums[:, place], -1, 0)  # [tests, fields] each
            micro = compute_rates(hits.sum(1), support.sum(1), answered.sum(1))
            found |= {f"micro_{name}{rule}": of for name, of in micro.items()}
            seen = np.count_nonzero(support + answered, axis=1)
            found[f"macro_f1{rule}"] = compute_rates(hits, support, answered)["f1"].sum(1) / np.maximum(seen, 1)
        return found

    return averages


def measure_classes(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 of each field by both rules, and its support: how many references have it.

    Raises:
        ValueError: `pairs` is empty.
    """
    came, counts = count_pairs(pairs)
    names, of_pair = _counts(came)
    sums = np.tensordot(counts, of_pair, 1)  # [rules, fields, 3]
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    for place, rule in enumerate(RULES):
        for name, column in compute_rates(*sums[place].T).items():
            for field, value in zip(names, column, strict=True):
                found[field][f"{name}{rule}"] = float(value)
    for field, support in zip(names, sums[0, :, 1], strict=True):
        found[field]["support"] = int(support)
    return found


def count_confusions(pairs: Pairs) -> Mapping[Pair, int]:
    """Return an empty count: a prediction is a value of its field, never another field."""
    return {}


def _as_json(fields: Mapping[str, str]) -> str:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def _counts(pairs: Sequence[Pair]) -> tuple[list[str], np.ndarray]:
    """The fields that are judged, sorted, and [pairs, rules, fields, 3] int: hits, in the reference, answered."""
    read = [(json.loads(reference), json.loads(answer)) for reference, answer in pairs]
    names = sorted({name for reference, _ in read for name in reference})
    found = np.zeros((len(pairs), len(RULES), len(names), 3), np.int64)
    for row, (reference, answer) in enumerate(read):
        for place, comparable in enumerate(RULES.values()):
            for column, name in enumerate(names):
                wanted, given = (comparable(name, each.get(name, "")) for each in (reference, answer))
                found[row, place, column] = (bool(wanted) and wanted == given, bool(wanted), bool(given))
    return names, found
