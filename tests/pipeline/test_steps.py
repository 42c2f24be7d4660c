"""One line per step, from the launcher's messages."""

import io
import logging

import pytest

from tfx_ocr.components import progress
from tfx_ocr.pipeline.steps import Steps


@pytest.fixture
def said():
    out = io.StringIO()
    progress.set_console(out)
    yield out
    progress.set_console(None)


def test_a_step_that_ran_and_one_that_did_not(said):
    steps = Steps(2)
    for text in (
        "Component ExampleGen is running.",
        "Going to run a new execution 1",
        "Component ExampleGen is finished.",
        "Component Transform is running.",
        "Component Transform is finished.",
    ):
        steps.handle(logging.LogRecord("absl", logging.INFO, "", 0, text, (), None))
    assert [(step.name, step.executed, step.finished) for step in steps.steps] == [
        ("ExampleGen", True, True),
        ("Transform", False, True),
    ]
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("[ 1/2] ExampleGen")
    assert lines[0].endswith(" s")
    assert lines[1].endswith("unchanged")


def test_a_step_that_failed_stays_unfinished(said):
    steps = Steps(1)
    for text in ("Component Trainer is running.", "Going to run a new execution 7"):
        steps.handle(logging.LogRecord("absl", logging.INFO, "", 0, text, (), None))
    assert [(step.executed, step.finished) for step in steps.steps] == [(True, False)]
    assert said.getvalue() == ""
