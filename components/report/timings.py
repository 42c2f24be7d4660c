"""When the step that made an artifact began and ended, as far as the artifact and its folder tell.

An executor has no access to the metadata store. What it does have:

- the end: TFX registers an output when its step has succeeded, so the artifact's creation time is the step's end;
- the start: before it runs an executor, TFX makes the folder `<step>/.system/executor_execution/<execution>`, and
  nothing else is ever made beside it. So that folder's parent was last changed when the newest execution of the step
  began: it is the start of the artifact's execution if that is the newest.

In an object store a folder has no time and under Kubeflow places are named otherwise: there the start is not known.
"""

from __future__ import annotations

import datetime
import os
import pathlib


def read_times(uri: str, created_ms: int) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """Return start and end of the step that made an artifact, in local time; None where that is not known.

    Args:
        uri: `<pipeline root>/<step>/<output>/<execution>`.
        created_ms: the artifact's creation time in milliseconds since 1970; 0 where unknown.
    """
    ended = datetime.datetime.fromtimestamp(created_ms / 1000) if created_ms else None
    artifact = pathlib.PurePath(uri)
    executions = pathlib.Path(artifact.parent.parent, ".system", "executor_execution")
    try:
        newest = max((int(name) for name in os.listdir(executions) if name.isdecimal()), default=None)
        changed = datetime.datetime.fromtimestamp(executions.stat().st_mtime)
    except OSError:
        return None, ended
    if str(newest) != artifact.name or (ended and changed > ended):
        return None, ended
    return changed, ended


def parse_start(run_id: str) -> datetime.datetime | None:
    """Return when a run began, from the name that the local runner gives it; None for any other name."""
    try:
        return datetime.datetime.fromisoformat(run_id)
    except ValueError:
        return None
