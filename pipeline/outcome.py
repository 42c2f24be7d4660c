"""How a run ended: read from its steps and its artifacts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from tfx_ocr.components.stop import Stop
from tfx_ocr.pipeline import disk, last_run, unchanged
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.pipeline.steps import Step
from tfx_ocr.serving import versions


def read_outcome(
    store: MetadataStore,
    run_id: str,
    settings: Settings,
    steps: Sequence[Step],
    seconds: float,
    failed: BaseException | None,
    log: Path,
) -> dict[str, Any]:
    """Return how a run ended.

    Args:
        store: its metadata.
        run_id: its name there.
        settings: its settings.
        steps: what ran, in order.
        seconds: wall time of all.
        failed: what ended it early.
        log: file with everything the steps said.

    Returns:
        `status` (`pushed`, `refused`, `stopped` or `interrupted`), `sentence` of what stopped it, `steps`, `seconds`,
        `log`, and of a run that reached its end `verdict` (as in gate.json), `version`, `newer` (a version that others
        pushed since), `serving_dir`, `report`, and under `last_run.KEY` what it read and left behind.
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
            "sentence": "interrupted" if interrupted else explain_failure(failed, settings),
        }
    artifacts = list_artifacts(store, run_id)
    newest = {artifact.type: artifact for artifact in artifacts}
    verdict = json.loads(Path(newest["ModelEvaluation"].uri, "gate.json").read_text(encoding="utf-8"))
    pushed = newest["PushedModel"].custom_properties
    version = pushed["pushed_version"].string_value if pushed["pushed"].int_value else ""
    served = versions.find_newest(settings.serving_dir)
    [fingerprint] = {
        artifact.custom_properties["input_fingerprint"].string_value
        for artifact in artifacts
        if "input_fingerprint" in artifact.custom_properties
    }
    reason = Path(newest["InfraBlessing"].uri, "reason.txt")
    return result | {
        "status": "pushed" if version else "refused",
        "sentence": reason.read_text(encoding="utf-8").strip() if reason.exists() else "",
        "verdict": verdict,
        "version": version,
        "newer": str(served) if version and served and served > int(version) else "",
        "report": str(Path(newest["File"].uri, "index.html")),
        last_run.KEY: unchanged.describe_results(settings, [artifact.uri for artifact in artifacts], fingerprint),
    }


def list_artifacts(store: MetadataStore, run_id: str) -> list[metadata_store_pb2.Artifact]:
    """Return the artifacts of a run, oldest first."""
    run = store.get_context_by_type_and_name("pipeline_run", run_id)
    executions = {execution.id for execution in store.get_executions_by_context(run.id)}
    artifacts = store.get_artifacts_by_context(run.id)
    made = {
        event.artifact_id
        for event in store.get_events_by_artifact_ids([artifact.id for artifact in artifacts])
        if event.type == event.OUTPUT or event.execution_id in executions
    }
    return sorted((artifact for artifact in artifacts if artifact.id in made), key=lambda artifact: artifact.id)


def explain_failure(error: BaseException, settings: Settings) -> str:
    """Return the sentence for people in `error` or its cause; else its first line and that the log has the rest."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None:
        chain.append(link)
        link = link.__cause__ or link.__context__
    if any(said in str(link) for link in chain for said in disk.FULL):
        return disk.describe_full(settings)
    for link in chain:
        if isinstance(link, Stop):
            return str(link)
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first[:300]} (the log has the rest)"
