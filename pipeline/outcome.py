"""How a run ended: read from its steps and its artifacts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_metadata import MetadataStore

from tfx_ocr.components.stop import Stop
from tfx_ocr.pipeline.graph import get_metadata_connection
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.pipeline.steps import Step


def read_outcome(
    settings: Settings, steps: Sequence[Step], seconds: float, failed: BaseException | None, log: Path
) -> dict[str, Any]:
    """Put together how the run ended.

    Args:
        settings: its settings.
        steps: what ran, in order.
        seconds: wall time of all.
        failed: what ended it early.
        log: file with everything the steps said.

    Returns:
        `status` (`pushed`, `refused`, `stopped` or `interrupted`), `sentence` of what stopped it, `steps`, `seconds`,
        `log`, and of a run that reached its end `verdict` (as in gate.json), `version`, `serving_dir`, `report`.
    """
    result: dict[str, Any] = {
        "recipe": settings.recipe,
        "steps": [{"name": step.name, "seconds": round(step.seconds, 2), "executed": step.executed} for step in steps],
        "seconds": round(seconds, 1),
        "log": str(log),
        "serving_dir": settings.serving_dir,
    }
    if failed is not None:
        interrupted = isinstance(failed, KeyboardInterrupt)
        where = steps[-1].name if steps else "the start"
        return result | {
            "status": "interrupted" if interrupted else "stopped",
            "step": where,
            "sentence": "interrupted" if interrupted else _sentence(failed),
        }
    newest = _newest(settings)
    verdict = json.loads(Path(newest["ModelEvaluation"].uri, "gate.json").read_text(encoding="utf-8"))
    pushed = newest["PushedModel"].custom_properties
    version = pushed["pushed_version"].string_value if pushed["pushed"].int_value else ""
    reason = Path(newest["InfraBlessing"].uri, "reason.txt")
    return result | {
        "status": "pushed" if version else "refused",
        "sentence": reason.read_text(encoding="utf-8").strip() if reason.exists() else "",
        "verdict": verdict,
        "version": version,
        "report": str(Path(newest["File"].uri, "index.html")),
    }


def _newest(settings: Settings) -> dict[str, Any]:
    """The newest live artifact of each type in this recipe's newest run."""
    store = MetadataStore(get_metadata_connection(settings))
    runs = [
        run for run in store.get_contexts_by_type("pipeline_run") if run.name.startswith(f"{settings.recipe}.")
    ] or store.get_contexts_by_type("pipeline_run")
    run = max(runs, key=lambda context: context.id)
    types = {kind.id: kind.name for kind in store.get_artifact_types()}
    executions = {execution.id for execution in store.get_executions_by_context(run.id)}
    artifacts = store.get_artifacts_by_context(run.id)
    made = {
        event.artifact_id
        for event in store.get_events_by_artifact_ids([artifact.id for artifact in artifacts])
        if event.type == event.OUTPUT or event.execution_id in executions
    }
    by_age = sorted((artifact for artifact in artifacts if artifact.id in made), key=lambda artifact: artifact.id)
    return {types[artifact.type_id]: artifact for artifact in by_age}


def _sentence(error: BaseException) -> str:
    """The sentence for people in `error` or what caused it; else its first line and that the log has the rest."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Stop):
            return str(seen)
        seen = seen.__cause__ or seen.__context__
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first[:300]} (the log has the rest)"
