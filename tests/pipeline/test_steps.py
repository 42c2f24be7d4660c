"""One line per step, from ML Metadata's account of the run."""

import io

import pytest
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from tfx_ocr.components import progress
from tfx_ocr.pipeline.steps import Steps

RUN = "digits.2026-11-27T12:00:00"


@pytest.fixture
def said():
    out = io.StringIO()
    progress.set_console(out)
    yield out
    progress.set_console(None)


@pytest.fixture
def store():
    """Return an empty store with the type of runs."""
    store = MetadataStore(metadata_store_pb2.ConnectionConfig(fake_database=metadata_store_pb2.FakeDatabaseConfig()))
    store.put_context_type(metadata_store_pb2.ContextType(name="pipeline_run"))
    store.put_execution_type(metadata_store_pb2.ExecutionType(name="Step"))
    return store


def record(store, state, run=RUN):
    """Put an execution of a run into the store, as TFX's launcher does."""
    [run_type, step_type] = [store.get_context_type("pipeline_run").id, store.get_execution_type("Step").id]
    execution = metadata_store_pb2.Execution(
        type_id=step_type, last_known_state=metadata_store_pb2.Execution.State.Value(state)
    )
    context = store.get_context_by_type_and_name("pipeline_run", run)
    store.put_execution(execution, [], [context or metadata_store_pb2.Context(type_id=run_type, name=run)])


def test_a_step_that_ran_and_one_that_did_not(said, store):
    steps = Steps(store, RUN, 2)
    for name, state in (("ExampleGen", "COMPLETE"), ("Transform", "CACHED")):
        steps.begin(name)
        record(store, state)
        steps.end()
    assert [(step.name, step.executed, step.finished) for step in steps.steps] == [
        ("ExampleGen", True, True),
        ("Transform", False, True),
    ]
    assert said.getvalue().splitlines() == [
        "[ 1/2] ExampleGen             0.0 s",
        "[ 2/2] Transform          unchanged",
    ]


def test_a_step_that_failed_stays_unfinished(said, store):
    steps = Steps(store, RUN, 1)
    steps.begin("Trainer")
    record(store, "FAILED")
    steps.end(finished=False)
    assert [(step.executed, step.finished) for step in steps.steps] == [(True, False)]
    assert said.getvalue() == ""


def test_a_step_that_failed_before_its_execution_did_not_run(said, store):
    steps = Steps(store, RUN, 2)
    steps.begin("ExampleGen")
    record(store, "COMPLETE")
    steps.end()
    steps.begin("Transform")
    steps.end(finished=False)
    assert [step.executed for step in steps.steps] == [True, False]


def test_executions_of_other_runs_do_not_count(said, store):
    record(store, "COMPLETE", run="lines.2026-11-27T12:00:00")
    steps = Steps(store, RUN, 1)
    steps.begin("ExampleGen")
    steps.end(finished=False)
    assert [step.executed for step in steps.steps] == [False]
