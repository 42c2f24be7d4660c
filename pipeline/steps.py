"""What a run tells while it runs: one line per step, read from ML Metadata."""

from __future__ import annotations

import dataclasses

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from tfx_ocr.components import progress


@dataclasses.dataclass(kw_only=True)
class Step:
    """One step of a run.

    Attributes:
        name: of the component.
        seconds: from its start to its end.
        executed: False where its results were taken from the cache.
        finished: False while it runs, and for ever when it failed.
    """

    name: str
    seconds: float = 0.0
    executed: bool = False
    finished: bool = False


class Steps:
    """The steps of the run called `run_id` so far, in order: `steps`."""

    def __init__(self, store: MetadataStore, run_id: str, total: int):
        self.steps: list[Step] = []
        self._store = store
        self._run_id = run_id
        self._total = total
        self._newest = 0  # id of the last execution seen

    def begin(self, name: str) -> None:
        """Take note that the step starts."""
        self.steps.append(Step(name=name))

    def end(self, *, finished: bool = True) -> None:
        """Read how the step ended, and say so when it finished."""
        step = self.steps[-1]
        if (execution := self._find_execution()) is not None:
            self._newest = execution.id
            step.executed = execution.last_known_state != metadata_store_pb2.Execution.CACHED
            step.seconds = (execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000
        step.finished = finished
        if finished:
            what = f"{step.seconds:7.1f} s" if step.executed else "unchanged"
            progress.say(f"[{len(self.steps):2d}/{self._total}] {step.name:<18} {what:>9}")

    def _find_execution(self) -> metadata_store_pb2.Execution | None:
        """Return the run's newest execution; None where the step failed before it had one."""
        context = self._store.get_context_by_type_and_name("pipeline_run", self._run_id)
        executions = self._store.get_executions_by_context(context.id) if context else []
        newest = max(executions, key=lambda execution: execution.id, default=None)
        return newest if newest is not None and newest.id > self._newest else None
