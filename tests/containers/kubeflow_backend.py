"""What the backend of Kubeflow Pipelines v2 does for container steps, by a Docker engine on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def order_tasks(tasks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the names of tasks, each after those that it waits for."""
    done: set[str] = set()
    while len(done) < len(tasks):
        ready = [name for name in tasks if name not in done and find_upstream(tasks[name]) <= done]
        assert ready, f"these wait for each other: {sorted(set(tasks) - done)}"
        yield ready[0]
        done.add(ready[0])


def find_upstream(task: Mapping[str, Any]) -> set[str]:
    """Return the names of the tasks that `task` waits for."""
    artifacts = task.get("inputs", {}).get("artifacts", {}).values()
    return {*task.get("dependentTasks", []), *(given["taskOutputArtifact"]["producerTask"] for given in artifacts)}


class Run:
    """A run of a specification: `outputs` holds the artifacts of each task that is over, by its name and their key.

    Args:
        specification: of the pipeline, as `tfx-ocr submit` compiles it.
        folder: where artifacts are written, in a folder per task.
    """

    def __init__(self, specification: Mapping[str, Any], folder: Path):
        self.tasks: dict[str, Any] = specification["root"]["dag"]["tasks"]
        self.outputs: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._specification = specification
        self._folder = folder

    def build_command(self, name: str) -> tuple[str, list[str]]:
        """Return a task's image and its command line, with the ExecutorInput in place of `{{$}}`."""
        task = self.tasks[name]
        component = self._specification["components"][task["componentRef"]["name"]]
        container = self._specification["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
        folder = self._folder / name
        folder.mkdir(parents=True)
        inputs = task.get("inputs", {})
        sources = {key: value["taskOutputArtifact"] for key, value in inputs.get("artifacts", {}).items()}
        self.outputs[name] = {
            key: [{"name": f"artifacts/{name}-{key}", "uri": str(folder / key), "type": output["artifactType"]}]
            for key, output in component.get("outputDefinitions", {}).get("artifacts", {}).items()
        }
        executor_input = {
            "inputs": {
                "parameterValues": {
                    key: value["runtimeValue"]["constant"] for key, value in inputs.get("parameters", {}).items()
                },
                "artifacts": {
                    key: {"artifacts": self.outputs[source["producerTask"]][source["outputArtifactKey"]]}
                    for key, source in sources.items()
                },
            },
            "outputs": {
                "artifacts": {key: {"artifacts": artifacts} for key, artifacts in self.outputs[name].items()},
                "outputFile": str(folder / "executor_output.json"),
            },
        }
        given = json.dumps(executor_input)
        return container["image"], [
            *container["command"],
            *(given if argument == "{{$}}" else argument for argument in container["args"]),
        ]

    def read_outputs(self, name: str) -> None:
        """Take over what a task wrote of its artifacts; their types stay those that the specification states."""
        written = self._folder / name / "executor_output.json"
        changed = json.loads(written.read_text(encoding="utf-8")).get("artifacts", {}) if written.exists() else {}
        for key, value in changed.items():
            kind = self.outputs[name][key][0]["type"]
            self.outputs[name][key] = [{**artifact, "type": kind} for artifact in value["artifacts"]]
