"""Learning needs no TensorFlow: every head, loss and network on NumPy and JAX, with TensorFlow and TFX blocked."""

from __future__ import annotations

import concurrent.futures
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
BACKENDS = ("numpy", "jax")


def learn(backend: str) -> tuple[list[dict], dict, list[str]]:
    """Return what each network and task gave on a backend, the sequence losses, and what was imported that must not."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # code that runs once takes longer to optimize than to run
    done = subprocess.run(
        [sys.executable, str(ALONE)], capture_output=True, text=True, timeout=600, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    *found, ctc, imported = map(json.loads, done.stdout.splitlines())
    return found, ctc, imported


@pytest.fixture(scope="module")
def learned():
    """Return what `learn` does for each backend, at the same time."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(zip(BACKENDS, pool.map(learn, BACKENDS), strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_network_and_task_gives_finite_losses(learned, backend):
    found, _, imported = learned[backend]
    assert imported == []
    own = {name for name, path in NETWORKS.items() if ".applications:" not in path}
    assert {each["network"] for each in found} == own - {"line_mixing_large"} | {"mobilenet_v3_small"}
    assert {each["task"] for each in found} == set(TASKS)
    assert all(np.isfinite(each["loss"]) and each["loss"] > 0 for each in found)


def test_both_backends_give_the_same_shapes(learned):
    assert [each["shape"] for each in learned["numpy"][0]] == [each["shape"] for each in learned["jax"][0]]


def test_a_step_on_jax_moves_weights_and_keeps_them_finite(learned):
    assert learned["jax"][0]
    for each in learned["jax"][0]:
        assert np.isfinite(each["step"])
        assert each["finite"]
        assert each["moved"] > 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_sequence_loss_is_the_one_worked_out_by_hand(learned, backend):
    # two frames, three classes of 1/3 each: "a" by aa, a- and -a, 3/9; nothing by --, 1/9; "aa" has no room
    assert learned[backend][1]["uniform"] == pytest.approx([np.log(3), np.log(9), 0.0], abs=1e-5)


def test_the_sequence_loss_is_the_same_on_both_backends(learned):
    np.testing.assert_allclose(learned["numpy"][1]["random"], learned["jax"][1]["random"], atol=1e-4)
