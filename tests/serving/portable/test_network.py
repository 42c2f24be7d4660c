"""The shipped digits' network: any number of rows, several threads, and who gets which interpreter."""

from __future__ import annotations

import concurrent.futures
import os

import numpy as np
import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.serving.portable import FOLDER, NETWORK, network

PATH = pretrained.get_folder("digits") / FOLDER / NETWORK
PIXELS = np.random.default_rng(0).uniform(-1, 1, (40, 75, 75, 1)).astype(np.float32)


def run(shared, pixels, timeout_s=None):
    with shared.take(timeout_s) as worker:
        return worker.run({"pixels": pixels}, timeout_s)


@pytest.fixture(scope="module")
def alone():
    """Return the logits of each row, run alone."""
    one = network.Network(PATH)
    return np.concatenate([run(one, PIXELS[row : row + 1]) for row in range(len(PIXELS))])


@pytest.mark.parametrize("rows", [1, 2, 15, 16, 17, 40])
def test_a_row_is_answered_in_a_batch_as_alone(alone, rows):
    found = run(network.Network(PATH, workers=2), PIXELS[:rows])
    assert found.shape == (rows, 10)
    np.testing.assert_allclose(found, alone[:rows], atol=1e-4)


def test_no_rows_are_answered_with_none():
    assert run(network.Network(PATH), PIXELS[:0]).shape == (0, 10)


def test_threads_get_their_own_answers(alone):
    shared = network.Network(PATH, workers=3)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: run(shared, PIXELS[row : row + 1 + row % 3])[0], range(37)))
    np.testing.assert_allclose(found, alone[:37], atol=1e-4)


@pytest.mark.parametrize(("threads", "expected"), [(None, [os.cpu_count(), 1]), (3, [3, 3])], ids=["own", "told"])
def test_a_run_alone_has_all_cores_and_runs_beside_others_one_each(monkeypatch, threads, expected):
    loaded, real = [], network.Interpreter

    def load(num_threads, **options):
        loaded.append(num_threads)
        return real(num_threads=num_threads, **options)

    monkeypatch.setattr(network, "Interpreter", load)
    shared = network.Network(PATH, workers=2, threads=threads)
    run(shared, PIXELS[:1])
    run(shared, PIXELS[:2])
    assert loaded == expected[:1]
    with shared.take():
        run(shared, PIXELS[:1])
    assert loaded == expected


def test_no_more_run_than_there_are_workers():
    shared = network.Network(PATH, workers=2)
    with shared.take(), shared.take(), pytest.raises(TimeoutError, match="waiting for an interpreter"):
        run(shared, PIXELS[:1], timeout_s=0.05)
    assert run(shared, PIXELS[:1], timeout_s=60.0).shape == (1, 10)


def test_rows_that_are_left_at_the_deadline_end_the_run():
    with network.Network(PATH).take() as worker, pytest.raises(TimeoutError, match="before the network ran"):
        worker.run({"pixels": PIXELS[:1]}, timeout_s=0.0)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    with pytest.raises(ValueError, match="gone cannot be read: No such file"):
        network.Network(tmp_path / "gone")
    (tmp_path / "other").write_bytes(b"no network")
    with pytest.raises(ValueError, match="other is not a network that LiteRT runs"):
        network.Network(tmp_path / "other")
