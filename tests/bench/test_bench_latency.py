"""Milliseconds per picture, measured in turns with another build's model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.data import images, pretrained

pytestmark = pytest.mark.tfx


def test_whole_batches_count_after_two_that_do_not(monkeypatch):
    import bench_latency

    clock, asked = iter([10.0, 13.0]), []
    monkeypatch.setattr(bench_latency.time, "perf_counter", lambda: next(clock))
    pictures = [bytes([number]) for number in range(11)]
    assert bench_latency.measure(asked.append, pictures, 2) == 300.0  # 3 s for 5 batches of 2
    assert asked[:2] == [[b"\0", b"\1"], [b"\2", b"\3"]]
    assert asked[2:] == [[bytes([number]), bytes([number + 1])] for number in range(0, 10, 2)]


def test_both_forms_are_asked_the_same():
    import bench_latency

    folder = Path(pretrained.__file__).parent / "hangul" / "model"
    picture = images.encode_png((255 * np.eye(40, dtype=np.uint8)).tobytes(), 40, 40)
    [ours] = bench_latency.load_portable("hangul")([picture])
    _, theirs = bench_latency.load_saved_model(folder)([picture])
    assert ours.text == theirs["label"].numpy()[0].decode()
    assert ours.confidence == pytest.approx(float(theirs["probability"][0]), abs=1e-4)
