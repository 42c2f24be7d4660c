from __future__ import annotations

import csv

import pytest

CLI = """#!/bin/sh
mkdir -p $TFX_OCR_HOME/digits
echo run >>$TFX_OCR_HOME/runs
echo "$1 $2"
echo two >&2
echo "$TFX_OCR_OVERRIDES"
"""


def test_second_runs_of_two_builds_take_turns(tmp_path, monkeypatch):
    import bench_second_run

    for name in ("old", "new"):
        cli = tmp_path / name / ".venv/bin/tfx-ocr"
        cli.parent.mkdir(parents=True)
        cli.write_text(CLI)
        cli.chmod(0o755)
    monkeypatch.setattr(bench_second_run.results, "commit", lambda root=None: root.name if root else "new")
    old, new = (bench_second_run.builds.Build(tmp_path / name) for name in ("old", "new"))
    monkeypatch.setattr(bench_second_run.builds, "list_builds", lambda _: [old, new])
    seen = []

    def read(metadata):
        seen.append([(metadata.parents[2] / number / "runs").read_text().count("run") for number in "01"])
        return {"COMPLETE": 10, "artifacts": 20 + len(seen)}

    monkeypatch.setattr(bench_second_run, "state", read)
    bench_second_run.main(["--against", str(tmp_path / "old"), "--repeats", "3", "--results", str(tmp_path)])
    assert seen == [[1, 1], [4, 4]]
    rows = list(csv.DictReader((tmp_path / "second_run.csv").open(encoding="utf-8")))
    values = {row["measure"].removeprefix("digits, "): row["value"] for row in rows}
    assert values["first run: lines on the console"] == "3"
    assert values["second run, nothing changed: steps executed"] == "0"
    assert values["second run, nothing changed: new artifacts"] == "1"
    assert "second run, nothing changed: wall, old in the same run against it" in values
    assert {row["command"] for row in rows} == {"python tests/bench/bench_second_run.py --against old"}


@pytest.mark.tfx
def test_executions_and_artifacts_are_counted(tmp_path):
    import bench_second_run
    from ml_metadata import metadata_store
    from ml_metadata.proto import metadata_store_pb2

    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(tmp_path / "metadata.sqlite")
    store = metadata_store.MetadataStore(connection)
    kind = store.put_execution_type(metadata_store_pb2.ExecutionType(name="Trainer"))
    states = metadata_store_pb2.Execution.State
    for state in (states.COMPLETE, states.COMPLETE, states.CACHED, states.FAILED):
        store.put_executions([metadata_store_pb2.Execution(type_id=kind, last_known_state=state)])
    model = store.put_artifact_type(metadata_store_pb2.ArtifactType(name="Model"))
    store.put_artifacts([metadata_store_pb2.Artifact(type_id=model)] * 3)
    assert bench_second_run.state(tmp_path / "metadata.sqlite") == {
        "COMPLETE": 2,
        "CACHED": 1,
        "FAILED": 1,
        "artifacts": 3,
    }
