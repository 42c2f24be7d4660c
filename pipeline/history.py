"""What ML Metadata knows of a recipe's runs: how each ended, where a version came from, who saw an image."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from tfx_ocr.components.artifacts import DRIFT_FILE, GATE_FILE, SUMMARY_FILE
from tfx_ocr.data import features, record_file
from tfx_ocr.data.example import parse_example
from tfx_ocr.pipeline.outcome import list_artifacts

ENDED = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)  # states of steps
PACKED = "-pack"  # at the end of a run's name: `tfx-ocr pack`, which ends with Transform


def list_runs(store: MetadataStore, recipe: str) -> list[dict[str, Any]]:
    """Return the runs of a recipe, the newest first.

    Returns:
        Of each its name (`run`), when it `began` (local time), how many steps `ended` and how many of these `ran` (the
        others came from the cache), its `status` (`pushed`, `refused`, `packed` or `unfinished`), the `version` that
        holds its model, and of its verdict `split`, `n` and `metrics`.
    """
    runs = [run for run in store.get_contexts_by_type("pipeline_run") if run.name.startswith(f"{recipe}.")]
    return [_describe_run(store, run) for run in sorted(runs, key=lambda run: -run.id)]


def describe_version(store: MetadataStore, recipe: str, version: int) -> dict[str, Any]:
    """Return where a pushed version came from.

    Returns:
        The first run with this version, as `list_runs` gives it, and its `data` (`input`, `fingerprint`, number of
        records by split; `accepted`, by whom and why, where it had drifted), the `recipe`'s values, `code` (version of
        each step's), `seconds` of each step, and the version that it was `compared` with, as in `gate.json`.

    Raises:
        ValueError: the metadata holds no run with this version.
    """
    for run in sorted(store.get_contexts_by_type("pipeline_run"), key=lambda run: run.id):
        if run.name.startswith(f"{recipe}.") and (described := _describe_run(store, run))["version"] == version:
            break
    else:
        raise ValueError(f"no run of {recipe} in its metadata pushed version {version}")
    artifacts = list_artifacts(store, run.name)
    steps = {_get_step(execution): execution for execution in _list_executions(store, artifacts)}
    recipe_values: dict[str, Any] = {}
    for execution in steps.values():
        recipe_values |= json.loads(_get_text(execution, "recipe") or "{}")
    examples = _find_examples(artifacts)
    return {
        **described,
        "data": {
            "input": _get_text(steps["ExampleGen"], "input_base"),
            "fingerprint": _get_text(examples, "input_fingerprint"),
            "splits": _read_json(examples.uri, SUMMARY_FILE).get("splits", {}),
            "accepted": _read_newest(artifacts, "ExampleAnomalies", DRIFT_FILE).get("accepted", {}),
        },
        "recipe": recipe_values,
        "code": {step: _get_text(execution, "code_version") for step, execution in steps.items()},
        "seconds": {
            step: round((execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000, 1)
            for step, execution in steps.items()
        },
        "compared": _read_verdict(artifacts).get("served"),
    }


def find_image(store: MetadataStore, recipe: str, digest: str) -> Iterator[dict[str, Any]]:
    """Yield where an image stands in the examples of a recipe's runs.

    Args:
        store: its metadata.
        recipe: name of the recipe.
        digest: SHA-256 of the encoded image, in hex.

    Yields:
        Once per record of each set of examples, whatever its weight: `split`, `label`, `source`, `group`, and the
        `versions` of the models that were trained or judged on that set.
    """
    versions: dict[str, set[int]] = {}
    for run in store.get_contexts_by_type("pipeline_run"):
        artifacts = list_artifacts(store, run.name)
        if run.name.startswith(f"{recipe}.") and (examples := _find_examples(artifacts)):
            versions.setdefault(examples.uri, set()).update({_get_version(artifacts)} - {None})
    for uri, numbers in sorted(versions.items()):
        told = []
        for file in sorted(Path(uri).glob("Split-*/*")):
            for raw in record_file.read_records(file):
                given = parse_example(raw)
                image = given.get(features.IMAGE)
                if image and hashlib.sha256(image[0]).hexdigest() == digest:
                    texts = {
                        name: (given.get(name) or [b""])[0].decode(errors="replace")
                        for name in (features.LABEL, features.SOURCE, features.GROUP)
                    }
                    place = {"split": file.parent.name.removeprefix("Split-"), **texts}
                    if place not in told:
                        told.append(place)
                        yield {**place, "versions": sorted(numbers)}


def _describe_run(store: MetadataStore, run: metadata_store_pb2.Context) -> dict[str, Any]:
    executions = store.get_executions_by_context(run.id)
    states = [execution.last_known_state for execution in executions]
    ended = [execution for execution in executions if execution.last_known_state in ENDED]
    artifacts = list_artifacts(store, run.name)
    pushed = [artifact for artifact in artifacts if artifact.type == "PushedModel"]
    version, verdict = _get_version(artifacts), _read_verdict(artifacts)
    is_packed = run.name.endswith(PACKED) and "Transform" in map(_get_step, ended)
    return {
        "run": run.name,
        "began": datetime.datetime.fromtimestamp(run.create_time_since_epoch / 1000).isoformat(" ", "seconds"),
        "ended": len(ended),
        "ran": states.count(metadata_store_pb2.Execution.COMPLETE),
        "status": "pushed" if version else "refused" if pushed else "packed" if is_packed else "unfinished",
        "version": version,
        **{name: verdict.get(name) for name in ("split", "n", "metrics")},
    }


def _get_version(artifacts: list[metadata_store_pb2.Artifact]) -> int | None:
    """Return the number that a run's model was pushed as; None where it was not."""
    for artifact in reversed(artifacts):
        if artifact.type == "PushedModel" and artifact.custom_properties["pushed"].int_value:
            return int(_get_text(artifact, "pushed_version"))
    return None


def _find_examples(artifacts: list[metadata_store_pb2.Artifact]) -> metadata_store_pb2.Artifact | None:
    """Return what ExampleGen made: Transform's examples have no fingerprint."""
    return next((artifact for artifact in artifacts if _get_text(artifact, "input_fingerprint")), None)


def _read_verdict(artifacts: list[metadata_store_pb2.Artifact]) -> dict[str, Any]:
    return _read_newest(artifacts, "ModelEvaluation", GATE_FILE)


def _read_newest(artifacts: list[metadata_store_pb2.Artifact], kind: str, name: str) -> dict[str, Any]:
    """Return the JSON object in a file of the newest artifact of a type; empty before one is written."""
    uris = [artifact.uri for artifact in artifacts if artifact.type == kind]
    return _read_json(uris[-1], name) if uris else {}


def _list_executions(
    store: MetadataStore, artifacts: list[metadata_store_pb2.Artifact]
) -> list[metadata_store_pb2.Execution]:
    """Return the executions that made the artifacts, in their order; those of the cache are left out."""
    events = store.get_events_by_artifact_ids([artifact.id for artifact in artifacts])
    makers = {event.execution_id for event in events if event.type == metadata_store_pb2.Event.OUTPUT}
    executions = store.get_executions_by_id(sorted(makers))
    return [
        execution for execution in executions if execution.last_known_state == metadata_store_pb2.Execution.COMPLETE
    ]


def _get_step(execution: metadata_store_pb2.Execution) -> str:
    """Return a component's name, from that of its class."""
    return execution.type.rsplit(".", 1)[-1]


def _get_text(node: Any, name: str) -> str:
    """Return a custom property of an artifact or execution; "" where it is missing."""
    return node.custom_properties[name].string_value if name in node.custom_properties else ""


def _read_json(folder: str, name: str) -> dict[str, Any]:
    """Return the JSON object in a file of an artifact; empty where it was removed."""
    try:
        return json.loads(Path(folder, name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
