from __future__ import annotations

import datetime
import os

import pytest

from tfx_ocr.components.report import timings

STARTED, ENDED = 1_795_239_600.0, 1_795_239_690.5  # 90.5 s later


@pytest.fixture
def step(tmp_path):
    """Build `Trainer`, whose newest execution is 6 and began at STARTED."""
    executions = tmp_path / "Trainer" / ".system" / "executor_execution"
    for execution in ("4", "6"):
        (executions / execution).mkdir(parents=True)
    os.utime(executions, (STARTED, STARTED))
    return tmp_path / "Trainer"


def test_step_began_when_its_newest_execution_was_prepared(step):
    started, ended = timings.read_times(str(step / "model" / "6"), int(ENDED * 1000))
    assert started == datetime.datetime.fromtimestamp(STARTED)
    assert (ended - started).total_seconds() == 90.5


def test_start_of_an_older_execution_is_not_known(step):
    started, ended = timings.read_times(str(step / "model" / "4"), int(ENDED * 1000))
    assert started is None
    assert ended == datetime.datetime.fromtimestamp(ENDED)


def test_start_after_the_end_is_not_believed(step):
    """A copied pipeline root has new times."""
    assert timings.read_times(str(step / "model" / "6"), int((STARTED - 5) * 1000))[0] is None


def test_artifact_elsewhere_has_an_end_alone():
    started, ended = timings.read_times("s3://bucket/root/Trainer/model/6", int(ENDED * 1000))
    assert (started, ended) == (None, datetime.datetime.fromtimestamp(ENDED))


def test_artifact_without_a_creation_time_has_no_end(step):
    assert timings.read_times(str(step / "model" / "6"), 0) == (datetime.datetime.fromtimestamp(STARTED), None)


def test_run_named_by_its_time_began_then():
    assert timings.parse_start("2026-11-21T05:40:59.445634") == datetime.datetime(2026, 11, 21, 5, 40, 59, 445634)
    assert timings.parse_start("digits-7hx2k") is None
