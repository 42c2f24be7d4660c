"""The data: records of each split and label, rejected records, anomalies and duplicates."""

from __future__ import annotations

import collections
from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.tasks import get_task

TITLE = "Data"
MOST_LABELS = 40  # rows; of more labels the rarest of all splits together are shown
MOST_REASONS = 20
MOST_SOURCES = 3  # examples named of one reason


def build_facts(run: Run) -> dict[str, Any]:
    """Return `reader`, `records`, `splits`, `labels`, `rejected`, `anomalies`, `drift`, `duplicates`.

    What a step did not leave is None.
    """
    summary = run.summary or {}
    return {
        "reader": summary.get("reader"),
        "records": summary.get("records"),
        "splits": _splits(run),
        "labels": _labels(run),
        "rejected": _rejected(run),
        "anomalies": None if run.anomalies is None else list(run.anomalies),
        "drift": run.drift,
        "duplicates": run.duplicates,
    }


def _splits(run: Run) -> list[dict[str, Any]] | None:
    if run.counts is None:
        return None
    return [{"split": split, "n": sum(labels.values()), "labels": len(labels)} for split, labels in run.counts.items()]


def _labels(run: Run) -> dict[str, Any] | None:
    if run.counts is None:
        return None
    totals: collections.Counter[str] = collections.Counter()
    for labels in run.counts.values():
        totals.update(labels)
    chosen = sorted(totals) if get_task(run.part.task).lists_labels else []
    if len(chosen) > MOST_LABELS:
        chosen = sorted(chosen, key=lambda label: (totals[label], label))[:MOST_LABELS]
    return {
        "splits": list(run.counts),
        "rows": [{"label": label, "n": [split.get(label, 0) for split in run.counts.values()]} for label in chosen],
        "total": len(totals),
    }


def _rejected(run: Run) -> dict[str, Any] | None:
    """Grouped by what stands before the reason's colon, the commonest first."""
    if run.rejected is None:
        return None
    kinds: dict[str, list[dict[str, str]]] = {}
    for each in run.rejected:
        kind, _, detail = each["reason"].partition(": ")
        kinds.setdefault(kind, []).append({"source": each["source"], "detail": detail})
    ordered = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        "n": len(run.rejected),
        "kinds": len(ordered),
        "reasons": [
            {"reason": kind, "n": len(records), "examples": records[:MOST_SOURCES]}
            for kind, records in ordered[:MOST_REASONS]
        ],
    }
