"""What a run tells while it runs: a line a step, read from the launcher's own log messages."""

from __future__ import annotations

import dataclasses
import logging
import re
import time

from tfx_ocr.components import progress

_RUNNING = re.compile(r"Component (\S+) is running\.")
_EXECUTES = re.compile(r"Going to run a new execution \d+$")
_FINISHED = re.compile(r"Component (\S+) is finished\.")


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


class Steps(logging.Handler):
    """Handler of TFX's log that keeps `steps` and tells each as it ends."""

    def __init__(self, total: int):
        super().__init__(logging.INFO)
        self.steps: list[Step] = []
        self._total = total
        self._began = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Follow the launcher: running, executes or not, finished."""
        text = record.getMessage()
        if found := _RUNNING.fullmatch(text):
            self.steps.append(Step(name=found[1]))
            self._began = time.monotonic()
        elif not self.steps or self.steps[-1].finished:
            return
        elif _EXECUTES.fullmatch(text):
            self.steps[-1].executed = True
        elif _FINISHED.fullmatch(text):
            step = self.steps[-1]
            step.seconds = time.monotonic() - self._began
            step.finished = True
            what = f"{step.seconds:7.1f} s" if step.executed else "unchanged"
            progress.say(f"[{len(self.steps):2d}/{self._total}] {step.name:<18} {what:>9}")
