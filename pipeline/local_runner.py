"""What `tfx run create --engine=local` runs: the graph of the recipe in the settings, step by step on this machine.

The console gets a line a step and the verdict; everything else that TFX, Beam and TensorFlow say goes to a log file.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import logging
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from tfx_ocr.components import progress
from tfx_ocr.components.stop import Stop
from tfx_ocr.pipeline import last_run, outcome, settings
from tfx_ocr.pipeline.check import check
from tfx_ocr.pipeline.graph import build
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.steps import Steps


class Runner(LocalDagRunner):
    """TFX's LocalDagRunner with a person in front of it.

    `tfx pipeline create` replaces `run` to read the graph, so what belongs to a real run is in `run_with_ir`.
    """

    def __init__(self, here: settings.Settings):
        super().__init__()
        self._here = here

    def run_with_ir(self, pipeline: Any, run_options: Any = None, **kwargs: Any) -> None:
        """Run the steps; raise SystemExit with `last_run.EXIT`'s status unless the model was pushed or is unchanged."""
        began = time.monotonic()
        log = self._here.folder / "logs" / f"{datetime.now():%Y%m%d-%H%M%S-%f}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        steps = Steps(len(pipeline.nodes))
        with _quiet(log) as console:
            progress.set_console(console)
            logging.set_verbosity(logging.INFO)
            logging.get_absl_logger().addHandler(steps)
            failed = None
            try:
                super().run_with_ir(pipeline, run_options, **kwargs)
            except BaseException as error:
                failed = error
                traceback.print_exc()
            finally:
                logging.get_absl_logger().removeHandler(steps)
            result = outcome.read_outcome(self._here, steps.steps, time.monotonic() - began, failed, log)
            for line in last_run.format_lines(result):
                progress.say(line)
            if failed is not None and self._here.trace:
                traceback.print_exception(failed, file=console)
            progress.set_console(None)
        last_run.write(self._here, result)
        if result["status"] != "pushed":
            sys.exit(last_run.EXIT[result["status"]])


@contextlib.contextmanager
def _quiet(log: Path) -> Iterator[TextIO]:
    """Send file descriptors 1 and 2 to `log`, C++ and all, and give what was 1."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("ab") as file, open(kept[0], "w", encoding="utf-8", closefd=False) as console:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield console
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, copy in enumerate(kept, start=1):
                os.dup2(copy, number)
                os.close(copy)


def main() -> None:
    """Check the recipe and the data, build the graph, run it."""
    here = settings.load()
    try:
        recipe = resolve_recipe(here)
        here = check(recipe, here)
        graph = build(recipe, here)
    except (ValueError, Stop) as error:
        print(error, file=sys.stderr)
        sys.exit(last_run.EXIT["misused"])
    Runner(here).run(graph)


if __name__ == "__main__":
    main()
