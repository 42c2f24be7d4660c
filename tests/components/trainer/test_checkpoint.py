from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest

from tfx_ocr.components.trainer import checkpoint


def state(epoch):
    return checkpoint.State(
        epoch=epoch,
        weights=[np.full((2, 3), epoch, np.float32), np.arange(12.0), *(np.array(n) for n in range(10))],
        shadows=[],
        optimizer=[np.array(3, np.int64)],
        best=[np.zeros(2, np.float32)],
        history=[{"epoch": epoch, "val_loss": 0.1 + 0.2}],
    )


def assert_equal(one, other):
    assert (one.epoch, one.history) == (other.epoch, other.history)
    for name in checkpoint.LISTS:
        for array, expected in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(array, expected)
            assert array.dtype == expected.dtype


def test_a_state_reads_back_as_it_was_more_than_ten_arrays_in_order(tmp_path):
    checkpoint.save(str(tmp_path / "new"), state(4))
    assert_equal(checkpoint.load(str(tmp_path / "new")), state(4))


def test_nothing_there(tmp_path):
    assert checkpoint.load(str(tmp_path)) is None


def test_killed_between_write_and_rename_the_old_one_stands(tmp_path, monkeypatch):
    checkpoint.save(str(tmp_path), state(1))

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.save(str(tmp_path), state(2))
    assert_equal(checkpoint.load(str(tmp_path)), state(1))
    checkpoint.save(str(tmp_path), state(3))  # the file that the kill left does no harm
    assert_equal(checkpoint.load(str(tmp_path)), state(3))
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.FILE]


def test_killed_in_the_middle_of_the_write_the_old_one_stands(tmp_path):
    checkpoint.save(str(tmp_path), state(1))
    whole = (tmp_path / checkpoint.FILE).read_bytes()
    (tmp_path / f"{checkpoint.FILE}.part").write_bytes(whole[: len(whole) // 2])
    assert_equal(checkpoint.load(str(tmp_path)), state(1))


def test_folder_outlives_the_execution_and_is_each_trainings_own():
    model = "/pipeline_root/Trainer/model/{}/Format-Serving"
    first = checkpoint.get_folder(model.format(7), ["recipe", "version"])
    assert first.startswith("/pipeline_root/Trainer/checkpoints/")
    assert checkpoint.get_folder(model.format(8), ["recipe", "version"]) == first
    assert checkpoint.get_folder(model.format(8), ["recipe", "other"]) != first
    assert checkpoint.get_folder(model.format(8), ["recipev", "ersion"]) != first


def test_state_names_all_that_is_written():
    assert {field.name for field in dataclasses.fields(checkpoint.State)} == {"epoch", "history", *checkpoint.LISTS}
