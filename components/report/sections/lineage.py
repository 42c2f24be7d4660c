"""What made this model: the artifacts of the run, the code and the recipe, and how long each step took."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from tfx_ocr.components.report.run import Produced, Run

TITLE = "Lineage and timings"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `steps` in the order they ended, each with its `artifacts`; `settings` as (name, value)."""
    steps: dict[str, list[Produced]] = {}
    for each in run.produced:
        steps.setdefault(each.step, []).append(each)
    rows = [_step(run, name, steps[name]) for name in sorted(steps, key=lambda name: _ended(steps[name]) or run.made)]
    return {
        "steps": rows,
        "seconds": sum(row["seconds"] or 0.0 for row in rows if not row["reused"]),
        "settings": [(name, value) for name, value in _settings(run) if value],
        "recipe": {name: value for name, value in dataclasses.asdict(run.part).items() if value is not None},
    }


def _step(run: Run, name: str, artifacts: list[Produced]) -> dict[str, Any]:
    started = min((each.started for each in artifacts if each.started), default=None)
    ended = _ended(artifacts)
    return {
        "step": name,
        "started": started and started.isoformat(timespec="seconds"),
        "ended": ended and ended.isoformat(timespec="seconds"),
        "seconds": (ended - started).total_seconds() if started and ended and ended >= started else None,
        "reused": bool(run.began and ended and ended < run.began),
        "artifacts": [{"name": each.name, "type": each.type, "id": each.id, "uri": each.uri} for each in artifacts],
    }


def _ended(artifacts: list[Produced]) -> datetime.datetime | None:
    return max((each.ended for each in artifacts if each.ended), default=None)


def _settings(run: Run) -> list[tuple[str, str]]:
    manifest = run.manifest or {}
    return [
        ("run", run.run_id),
        ("report made", run.made.isoformat(timespec="seconds")),
        ("code version of the report step", run.code_version),
        ("stack", run.stack),
        ("examples judged, digest", str((run.gate or {}).get("examples_digest", ""))),
        ("model pushed", str(manifest.get("created", ""))),
        ("model exported with TensorFlow", str(manifest.get("tensorflow", ""))),
    ]
