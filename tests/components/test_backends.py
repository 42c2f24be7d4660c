"""Learning needs no TensorFlow: every head, loss and network on NumPy and JAX, with TensorFlow and TFX blocked."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.components.networks import NETWORKS
from tfx_ocr.components.tasks import TASKS

pytestmark = pytest.mark.tfx  # which it does not import; but it takes as long

ALONE = Path(__file__).with_name("learn_alone.py")


@functools.cache
def learn(backend: str) -> tuple[list[dict], dict, list[str]]:
    """Return what each network and task gave on a backend, the sequence losses, and what was imported that must not."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, str(ALONE)], capture_output=True, text=True, timeout=600, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    *found, ctc, imported = map(json.loads, done.stdout.splitlines())
    return found, ctc, imported


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_every_network_and_task_gives_finite_losses(backend):
    found, _, imported = learn(backend)
    assert imported == []
    assert {each["network"] for each in found} == set(NETWORKS)
    assert {each["task"] for each in found} == set(TASKS)
    assert all(np.isfinite(each["loss"]) and each["loss"] > 0 for each in found)


def test_both_backends_give_the_same_shapes():
    assert [each["shape"] for each in learn("numpy")[0]] == [each["shape"] for each in learn("jax")[0]]


def test_a_step_on_jax_moves_weights_and_keeps_them_finite():
    for each in learn("jax")[0]:
        assert np.isfinite(each["step"])
        assert each["finite"]
        assert each["moved"] > 0


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_the_sequence_loss_is_the_one_worked_out_by_hand(backend):
    # two frames, three classes of 1/3 each: "a" by aa, a- and -a, 3/9; nothing by --, 1/9; "aa" has no room
    assert learn(backend)[1]["uniform"] == pytest.approx([np.log(3), np.log(9), 0.0], abs=1e-5)


def test_the_sequence_loss_is_the_same_on_both_backends():
    np.testing.assert_allclose(learn("numpy")[1]["random"], learn("jax")[1]["random"], atol=1e-4)
