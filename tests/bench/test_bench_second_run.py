from __future__ import annotations

import os

import pytest


@pytest.fixture
def fake_cli(tmp_path, monkeypatch):
    """Write a `tfx-ocr` that prints three lines and ends with the status in $STATUS."""
    import bench_second_run

    cli = tmp_path / "tfx-ocr"
    cli.write_text('#!/bin/sh\necho "$1 $2"\necho two >&2\necho three\nexit ${STATUS:-0}\n')
    cli.chmod(0o755)
    monkeypatch.setattr(bench_second_run, "CLI", cli)


def test_a_run_is_timed_and_its_lines_are_counted(fake_cli):
    import bench_second_run

    measured = bench_second_run.run("digits", dict(os.environ))
    assert measured["lines"] == 3
    assert measured["wall"] > 0
    assert measured["cpu"] < 5


def test_a_run_that_fails_is_no_measure(fake_cli):
    import bench_second_run

    with pytest.raises(RuntimeError, match=r"(?s)tfx-ocr run digits ended with 3:\nrun digits\ntwo\nthree"):
        bench_second_run.run("digits", {**os.environ, "STATUS": "3"})


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
