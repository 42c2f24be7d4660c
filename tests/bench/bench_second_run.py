"""What a second, unchanged run costs: `tfx-ocr run RECIPE` twice by the command line, in a fresh folder.

Writes to tests/bench/results/second_run.csv: wall and CPU seconds of the second run, the steps it executed and the
artifacts it made (both should be 0: TFX is not started), and the lines on the console of the first. With `--against`,
the second runs of two builds take turns.

    python tests/bench/bench_second_run.py --against ../920a734
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shlex
import sys
import tempfile
from collections.abc import Sequence

import builds
import results


def main(arguments: Sequence[str] | None = None) -> None:
    """Run each build once, then again and again in turn; count, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="digits")
    parser.add_argument("--overrides", default="", help="values put into the recipe, such as trainer.epochs=1")
    parser.add_argument("--repeats", type=int, default=5, help="second runs of each build")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    builds.add_argument(parser)
    options = parser.parse_args(arguments)
    compared = builds.list_builds(options)
    command = "python tests/bench/bench_second_run.py" + (f" --against {compared[0].commit}" if options.against else "")
    if options.recipe != "digits" or options.overrides:
        command += f" --recipe {options.recipe} --overrides {shlex.quote(options.overrides)}"
    with tempfile.TemporaryDirectory() as top:

        def run(build: builds.Build) -> builds.Used:
            home = {"TFX_OCR_HOME": f"{top}/{compared.index(build)}", "TFX_OCR_OVERRIDES": options.overrides}
            return builds.run([build.cli, "run", options.recipe], env={**os.environ, **home})

        first = [run(build) for build in compared][-1]
        metadata = pathlib.Path(top, str(len(compared) - 1), options.recipe, "metadata.sqlite")
        before, used = state(metadata), []

        def measure(build: builds.Build) -> float:
            used.append(run(build))
            return used[-1].wall

        walls = builds.alternate(compared, measure, options.repeats)
        after = state(metadata)
    cpus = [[each.cpu for each in used[number :: len(compared)]] for number in range(len(compared))]
    what = f"{options.recipe}, second run, nothing changed"

    def row(measure: str, value: float, unit: str) -> results.Row:
        return results.Row(measure=measure, value=value, unit=unit, n="1 run", command=command)

    rows = [
        *builds.compare(f"{what}: wall", compared, walls, "s", command),
        *builds.compare(f"{what}: CPU", compared, cpus, "s", command),
        row(f"{what}: steps executed", after["COMPLETE"] - before["COMPLETE"], "executions"),
        row(f"{what}: new artifacts", after["artifacts"] - before["artifacts"], "artifacts"),
        row(f"{options.recipe}, first run: lines on the console", len(first.output.splitlines()), "lines"),
        row(f"{options.recipe}, first run: wall", first.wall, "s"),
    ]
    for each in rows:
        print(f"{each.measure}: {each.value:.4g} {each.unit}")
    results.record("second_run", rows, options.results)


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
