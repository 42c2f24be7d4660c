"""What a run that was stopped tells."""

import errno
import os
from collections import namedtuple
from pathlib import Path

import pytest

from tfx_ocr.components.stop import Stop
from tfx_ocr.pipeline import disk, outcome
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.pipeline.steps import Step

pytestmark = pytest.mark.tfx

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/full/x")


def wrap(cause):
    """Return an error of TFX whose cause is `cause`."""
    error = RuntimeError("Execution 7 failed.")
    error.__cause__ = cause
    return error


@pytest.fixture
def stop(tmp_path):
    settings = Settings(home=str(tmp_path / "home"), input=str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/idx").write_bytes(bytes(5 << 20))

    def stop(error):
        steps = [Step(name="ExampleGen", executed=True), Step(name="Transform")]
        return outcome.read_outcome(None, "", settings, steps, 4.25, error, Path("x.log"))

    return stop


@pytest.mark.parametrize(
    "error",
    [
        FULL,
        wrap(FULL),
        RuntimeError("[Errno 28] No space left on device [while running Write]"),
        wrap(RuntimeError("ResourceExhaustedError: /full/x; No space left on device")),
        RuntimeError("mysql_errno: database or disk is full"),
        wrap(Stop("cannot push to /served: No space left on device")),
    ],
    ids=["bare", "wrapped", "beam", "tensorflow", "sqlite", "pusher"],
)
def test_a_full_disk_is_said_with_the_step_the_need_and_what_is_kept(stop, error, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage(3 << 20))
    result = stop(error)
    assert (result["status"], result["step"]) == ("stopped", "Transform")
    assert result["sentence"].startswith("the disk is full: 3 MB are free in /")
    assert "a run of this data takes about 270 MB" in result["sentence"]  # 250 and 4 times 5
    assert result["sentence"].endswith("run the same command: finished steps are reused")


def test_a_stop_is_told_as_it_is_and_anything_else_by_its_first_line(stop):
    assert stop(wrap(Stop("3 of 4 records were rejected")))["sentence"] == "3 of 4 records were rejected"
    assert stop(RuntimeError("it broke\nhere"))["sentence"] == "RuntimeError: it broke (the log has the rest)"
    assert stop(KeyboardInterrupt())["status"] == "interrupted"
