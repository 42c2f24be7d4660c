"""The confusion matrix, and which class is most often read as which other."""

from __future__ import annotations

import collections
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Confusions"
MOST = 40  # classes of the matrix; of more the most confused are shown
MOST_PAIRS = 15

Cells = Mapping[tuple[str, str], int]


def build_facts(run: Run) -> dict[str, Any]:
    """Return the matrix (`labels`, `rows` of `cells`, `others`), the `total` of classes, and frequent `pairs`."""
    if run.gate is None or not run.gate.get("confusion"):
        return explain_missing("The evaluation holds no confusion matrix.")
    cells = {(label, answer): n for label, answer, n in run.gate["confusion"]}
    every = list(run.gate.get("classes") or sorted({text for pair in cells for text in pair}))
    wrong = sorted(((n, *pair) for pair, n in cells.items() if pair[0] != pair[1]), key=lambda row: (-row[0], row[1:]))
    labels = find_most_confused(cells, every, MOST)
    return {
        "labels": labels,
        "rows": build_rows(cells, labels),
        "total": len(every),
        "wrong": sum(n for n, *_ in wrong),
        "n": sum(cells.values()),
        "pairs": [{"reference": label, "hypothesis": answer, "n": n} for n, label, answer in wrong[:MOST_PAIRS]],
        "kinds": len(wrong),
    }


def find_most_confused(cells: Cells, every: list[str], most: int) -> list[str]:
    """Return the `most` classes most often confused, in the order of `every`; all where they fit."""
    if len(every) <= most:
        return every
    errors: collections.Counter[str] = collections.Counter()
    for (label, answer), n in cells.items():
        if label != answer:
            errors[label] += n
            errors[answer] += n
    chosen = set(sorted(every, key=lambda label: -errors[label])[:most])
    return [label for label in every if label in chosen]


def build_rows(cells: Cells, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row per reference with a cell per answer, each with `heat` from 0 to 1, and the number of `others`."""
    support: collections.Counter[str] = collections.Counter()
    for (label, _), n in cells.items():
        support[label] += n
    shown = {label: [cells.get((label, answer), 0) for answer in labels] for label in labels}
    most_wrong = max((n for (label, answer), n in cells.items() if label != answer), default=1)
    return [
        {
            "label": label,
            "cells": [
                {
                    "n": n,
                    "right": answer == label,
                    # a share of the row where it is right; against the worst cell, by its root, where it is wrong
                    "heat": round(n / max(support[label], 1) if answer == label else math.sqrt(n / most_wrong), 3),
                }
                for answer, n in zip(labels, counts, strict=True)
            ],
            "others": support[label] - sum(counts),
        }
        for label, counts in shown.items()
    ]
