"""The shipped digits' network: any number of rows, several threads, and who gets which interpreter."""

from __future__ import annotations

import concurrent.futures
import os

import numpy as np
import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.data.pixels.strip import get_ink
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


@pytest.fixture(scope="module")
def strips():
    """Return strips of the shipped lines' network with random ink up to the given columns."""
    found = np.full((5, 32, 640, 1), -1.0, np.float32)
    for strip, end in zip(found, (200, 630, 0, 201, 330), strict=True):
        strip[4:28, 2:end] = np.random.default_rng(end).uniform(-0.9, 1, (24, max(end - 2, 0), 1))
    return found


def test_strips_are_cut_to_their_ink_and_answered_as_whole_ones(monkeypatch, strips):
    shapes, real = [], network.Worker._run

    def run_noted(worker, inputs):
        shapes.append(inputs["pixels"].shape)
        return real(worker, inputs)

    monkeypatch.setattr(network.Worker, "_run", run_noted)
    path = pretrained.get_folder("lines") / FOLDER / NETWORK
    whole = run(network.Network(path), strips)
    cut = network.Network(path, ink=get_ink((-1.0, 1.0)))
    found = run(cut, strips)
    assert shapes == [(5, 32, 640, 1), (1, 32, 64, 1), (2, 32, 320, 1), (1, 32, 448, 1), (1, 32, 640, 1)]
    assert found.shape == whole.shape == (5, 160, 215)
    np.testing.assert_allclose(found, whole, atol=1e-4)
    for row, expected in zip(strips, found, strict=True):
        np.testing.assert_allclose(run(cut, row[None])[0], expected, atol=1e-4)


def test_a_network_of_one_width_is_given_whole_pictures():
    found = run(network.Network(PATH, ink=-0.9), PIXELS[:3])
    np.testing.assert_array_equal(found, run(network.Network(PATH), PIXELS[:3]))


def test_cut_strips_that_are_left_at_the_deadline_end_the_run(strips):
    cut = network.Network(pretrained.get_folder("lines") / FOLDER / NETWORK, ink=get_ink((-1.0, 1.0)))
    with cut.take() as worker, pytest.raises(TimeoutError, match="before the network ran"):
        worker.run({"pixels": strips}, timeout_s=0.0)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    with pytest.raises(ValueError, match="gone cannot be read: No such file"):
        network.Network(tmp_path / "gone")
    (tmp_path / "other").write_bytes(b"no network")
    with pytest.raises(ValueError, match="other is not a network that LiteRT runs"):
        network.Network(tmp_path / "other")
