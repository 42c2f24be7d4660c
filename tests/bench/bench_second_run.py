"""What a second, unchanged run costs: `tfx-ocr run RECIPE` twice by the command line, in a fresh folder.

Writes to tests/bench/results/second_run.csv: wall and CPU seconds of the second run, its steps executed and
the artifacts it made (both should be 0), and the lines on the console of the first.

    python tests/bench/bench_second_run.py
"""

from __future__ import annotations

import argparse
import os
import pathlib
import resource
import shlex
import subprocess
import sys
import tempfile
import time

import results

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")


def main() -> None:
    """Run twice, count, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="digits")
    parser.add_argument("--overrides", default="", help="values put into the recipe, such as trainer.epochs=1")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TFX_OCR_HOME": home, "TFX_OCR_OVERRIDES": options.overrides}
        metadata = pathlib.Path(home, options.recipe, "metadata.sqlite")
        first = run(options.recipe, environment)
        before = state(metadata)
        second = run(options.recipe, environment)
        after = state(metadata)
    executed = after["COMPLETE"] - before["COMPLETE"]
    made = after["artifacts"] - before["artifacts"]
    print(
        f"first: {first['wall']:.0f} s, {first['lines']} lines; second: {second['wall']:.1f} s, {executed} executions"
    )
    command = "python tests/bench/bench_second_run.py"
    if options.recipe != "digits" or options.overrides:
        command += f" --recipe {options.recipe} --overrides {shlex.quote(options.overrides)}"

    def row(measure: str, value: float, unit: str, n: str = "1 run") -> results.Row:
        return results.Row(measure=f"{options.recipe}, {measure}", value=value, unit=unit, n=n, command=command)

    results.record(
        "second_run",
        [
            row("second run, nothing changed: wall", second["wall"], "s"),
            row("second run, nothing changed: CPU", second["cpu"], "s"),
            row("second run, nothing changed: steps executed", executed, "executions"),
            row("second run, nothing changed: steps taken from the cache", after["CACHED"] - before["CACHED"], "steps"),
            row("second run, nothing changed: new artifacts", made, "artifacts"),
            row("first run: lines on the console", first["lines"], "lines"),
            row("first run: wall", first["wall"], "s"),
        ],
        options.results,
    )


def run(recipe: str, environment: dict[str, str]) -> dict[str, float]:
    """Return wall and CPU seconds (children included) and lines on the console of one run.

    Raises:
        RuntimeError: it failed; what it said is in the message.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(CLI), "run", recipe],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"tfx-ocr run {recipe} ended with {done.returncode}:\n{done.stdout}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "lines": len(done.stdout.splitlines())}


def state(metadata: pathlib.Path) -> dict[str, int]:
    """Return executions by state, and artifacts, in a sqlite metadata store."""
    from ml_metadata import metadata_store
    from ml_metadata.proto import metadata_store_pb2

    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(metadata)
    connection.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
    store = metadata_store.MetadataStore(connection)
    states = [each.last_known_state for each in store.get_executions()]
    names = metadata_store_pb2.Execution.State
    counted = {name: states.count(names.Value(name)) for name in ("COMPLETE", "CACHED", "FAILED")}
    return {**counted, "artifacts": len(store.get_artifacts())}


if __name__ == "__main__":
    sys.exit(main())
