"""Precision, recall and H-mean of shapes found on pages, and how well they lie, of pairs of JSON objects.

A pair is `{"size": [width, height], "shapes": [[kind, x1, y1, ..., x4, y4], ...]}` of a page's truth and of what was
found. A shape found is a hit where it overlaps one of its kind with an intersection over union of at least 0.5, one
to one, the best overlaps first. A kind that a page does not say (`data.page.shapes.list_judged`) is left out of both.
H-mean is the harmonic mean of precision and recall; mean IoU is that of the reference's shapes, 0 for those missed.

Source: Karatzas et al., "ICDAR 2015 competition on robust reading", 2015.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
from tfx_ocr.data import features
from tfx_ocr.data.page.maps import find_shapes
from tfx_ocr.data.page.overlaps import count_hits
from tfx_ocr.data.page.shapes import list_judged

NAMES = ("precision", "recall", "h_mean", "mean_iou")
CLASS_NAMES = NAMES
LOWER_IS_BETTER: frozenset[str] = frozenset()


def make_pair(record: Record, outputs: Outputs) -> Pair:
    """Return the record's shapes and those that the maps hold, of the kinds that the record says, as JSON."""
    size: Any = record[features.PAGE_SIZE]
    kinds = get_texts(record, features.SHAPES) if features.SHAPES in record else []
    corners = np.reshape(np.asarray(record.get(features.POLYGONS, ()), np.float64), (-1, 8))
    found = find_shapes(
        np.asarray(outputs[features.MAPS_OUT]), get_texts(outputs, features.KINDS_OUT), (size[0], size[1])
    )
    judged = list_judged(kinds)
    answered = [[shape.kind, *np.ravel(shape.polygon).tolist()] for shape in found if shape.kind in judged]
    return _dump(size, [[kind, *row.tolist()] for kind, row in zip(kinds, corners, strict=True)]), _dump(size, answered)


def measure(pairs: Sequence[Pair]) -> Averages:
    """Prepare the rates of all kinds together for any count of the pairs.

    Args:
        pairs: JSON objects as `make_pair` gives them.

    Returns:
        [tests, pairs] counts to [tests] fractions from 0 to 1 under each of `NAMES`.
    """
    of_pair = np.array([np.sum([(0, 0, 0, 0.0), *count_hits(*pair).values()], 0) for pair in pairs])
    return lambda counts: _rate(counts @ of_pair)


def measure_classes(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return the rates of each kind that was in a reference or found, and its support.

    Raises:
        ValueError: `pairs` is empty.
    """
    came, counts = count_pairs(pairs)
    sums: dict[str, np.ndarray] = {}
    for pair, count in zip(came, counts, strict=True):
        for kind, found in count_hits(*pair).items():
            sums[kind] = sums.get(kind, np.zeros(4)) + count * np.array(found)
    return {
        kind: {**{name: float(value) for name, value in _rate(sums[kind]).items()}, "support": int(sums[kind][1])}
        for kind in sorted(sums)
    }


def count_confusions(pairs: Pairs) -> Mapping[Pair, int]:
    """Return an empty count: a shape is found or not, never taken for one of another kind."""
    return {}


def _rate(sums: np.ndarray) -> dict[str, np.ndarray]:
    """[..., 4] sums of `Counts` to [...] of each of `NAMES`."""
    hits, support, answered, overlaps = np.moveaxis(sums, -1, 0)
    rates = compute_rates(hits, support, answered)
    return {
        "precision": rates["precision"],
        "recall": rates["recall"],
        "h_mean": rates["f1"],
        "mean_iou": overlaps / np.maximum(support, 1),
    }


def _dump(size: Sequence[float], shapes: list[list[Any]]) -> str:
    rounded = [[kind, *(round(number, 1) for number in corners)] for kind, *corners in shapes]
    return json.dumps({"size": [round(side) for side in size], "shapes": rounded})
