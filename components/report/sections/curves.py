"""Learning curves: each measure of training beside the same measure on the eval split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfx_ocr.components.report import figures
from tfx_ocr.components.report.repeats import describe_repeats
from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Learning curves"
EVAL = "val_"  # how Keras names what it measured on the eval split


def build_facts(run: Run) -> dict[str, Any]:
    """Return `charts` (one per measure), `epochs` and `columns` as a table, the `best` epoch, `stages`, `repeats`."""
    if not run.history or not any(run.history.values()):
        return explain_missing("The Trainer left no history.csv.")
    columns = {name: list(values) for name, values in run.history.items() if name != "epoch"}
    count = len(next(iter(columns.values())))
    epochs = [int(epoch) for epoch in run.history.get("epoch") or range(1, count + 1)]
    measures = [name for name in columns if EVAL + name in columns]
    losses = {epoch: loss for epoch, loss in zip(epochs, columns.get("val_loss", ()), strict=False) if loss is not None}
    return {
        "charts": [
            {
                "measure": name,
                "last": {"train": columns[name][-1], "eval": columns[EVAL + name][-1]},
                **figures.draw_line_chart(epochs, {"train": columns[name], "eval": columns[EVAL + name]}),
            }
            for name in measures
        ],
        "best": min(losses, key=lambda epoch: losses[epoch]) if losses else None,
        "seconds": sum(value or 0.0 for value in columns.get("seconds", ())),
        "stages": _describe_stages(run, columns),
        "repeats": _describe_repeats(run),
        "epochs": epochs,
        "columns": columns,
    }


def _describe_stages(run: Run, columns: Mapping[str, Sequence[float | None]]) -> list[dict[str, Any]]:
    """Return each stage with its records, its epochs, the losses of the last one and its seconds; empty without any."""
    trainer = run.part.trainer
    stages = []
    for number, stage in enumerate(trainer.stages if trainer else (), 1):
        rows = [row for row, of in enumerate(columns.get("stage", ())) if of == number]
        if rows:  # a training that ran out of time does not come to all of them
            last = {name: columns[name][rows[-1]] for name in ("records", "loss", "val_loss")}
            seconds = sum(columns["seconds"][row] or 0.0 for row in rows)
            stages.append({"name": stage.name, **last, "epochs": len(rows), "seconds": seconds})
    return stages


def _describe_repeats(run: Run) -> list[str]:
    """Sentences about trainings on other parts of the data; empty without such trainings."""
    if not run.repeats or not run.gate or not run.summary:
        return []
    return describe_repeats(run.repeats, run.gate, run.summary["splits"]["train"])
