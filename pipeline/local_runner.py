"""What `tfx run create --engine=local` runs: the graph of the recipe in the settings, step by step on this machine.

The console gets one line per step and the verdict; what TFX, Beam and TensorFlow say goes to a log file.
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
from typing import TextIO

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import logging
from ml_metadata import MetadataStore
from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable.runtime_parameter_utils import substitute_runtime_parameter
from tfx.proto.orchestration import pipeline_pb2

from tfx_ocr.components import progress
from tfx_ocr.components.stop import Stop
from tfx_ocr.pipeline import last_run, metadata_lock, outcome, unchanged
from tfx_ocr.pipeline.check import check
from tfx_ocr.pipeline.graph import build
from tfx_ocr.pipeline.metadata import get_connection, reserve_database
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.settings import Settings, load
from tfx_ocr.pipeline.steps import Steps


class Runner(LocalDagRunner):
    """TFX's LocalDagRunner with a person in front of it.

    `tfx pipeline create` replaces `run` to read the graph, so what belongs to a real run is in `run_with_ir`.
    """

    def __init__(self, settings: Settings):
        super().__init__()
        self.settings = settings

    def run_with_ir(self, pipeline: pipeline_pb2.Pipeline, run_options: None = None) -> None:
        """Run the steps; raise SystemExit with `last_run.EXIT`'s status unless the model was pushed or is unchanged.

        Args:
            pipeline: the compiled graph.
            run_options: None: the cache leaves out what did not change.
        """
        settings, began, log = self.settings, time.monotonic(), self.make_log()
        described = unchanged.describe(resolve_recipe(settings), settings)
        unchanged.remove_stale(settings, last_run.read(settings))
        with redirect_output(log) as console:
            run_id = self.make_run_id()
            store = MetadataStore(get_connection(settings))
            steps = Steps(store, run_id, len(pipeline.nodes))
            failed = None
            try:
                self.run_steps(pipeline, run_id, steps)
            except BaseException as error:
                failed = error
                with contextlib.suppress(OSError):  # the log may lie on a disk that is full
                    traceback.print_exc()
                if steps.steps:
                    steps.end(finished=False)
            result = outcome.read_outcome(store, run_id, settings, steps.steps, time.monotonic() - began, failed, log)
            for line in last_run.format_lines(result):
                progress.say(line)
            if failed is not None and settings.trace:
                traceback.print_exception(failed, file=console)
        if result.get(last_run.KEY):
            result[last_run.KEY] |= described
        with contextlib.suppress(OSError):  # on a full disk: the console has it
            last_run.write(settings, result)
        if result["status"] != "pushed":
            sys.exit(last_run.EXIT[result["status"]])

    def make_log(self) -> Path:
        """Return a new file's path in the recipe's folder of logs."""
        log = self.settings.folder / "logs" / f"{datetime.now():%Y%m%d-%H%M%S-%f}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        return log

    def make_run_id(self) -> str:
        """Return a new name for a run in ML Metadata."""
        return f"{self.settings.recipe}.{datetime.now().isoformat()}"

    def run_steps(self, pipeline: pipeline_pb2.Pipeline, run_id: str, steps: Steps) -> None:
        """Run the nodes of a compiled graph, one at a time, to tell of each."""
        substitute_runtime_parameter(pipeline, {PIPELINE_RUN_ID_PARAMETER_NAME: run_id})
        for node in list(pipeline.nodes):
            del pipeline.nodes[:]
            pipeline.nodes.append(node)
            steps.begin(node.pipeline_node.node_info.id)
            super().run_with_ir(pipeline)
            steps.end()


@contextlib.contextmanager
def redirect_output(log: Path) -> Iterator[TextIO]:
    """Send file descriptors 1 and 2 to `log`, C++ and all; yield what was 1, where progress is told."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("ab") as file, open(kept[0], "w", encoding="utf-8", closefd=False) as console:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        progress.set_console(console)
        logging.set_verbosity(logging.INFO)
        try:
            yield console
        finally:
            progress.set_console(None)
            for stream in (sys.stdout, sys.stderr, console):
                with contextlib.suppress(OSError):
                    stream.flush()
            for number, copy in enumerate(kept, start=1):
                os.dup2(copy, number)
                os.close(copy)


def main() -> None:
    """Check the recipe and the data, build the graph, run it."""
    try:
        settings = load()
        recipe = resolve_recipe(settings)
        settings = check(recipe, settings)
        metadata_lock.refuse_locked(settings)
        reserve_database(settings)
        graph = build(recipe, settings)
    except (ValueError, Stop) as error:
        print(error, file=sys.stderr)
        sys.exit(last_run.EXIT["misused"])
    Runner(settings).run(graph)


if __name__ == "__main__":
    main()
