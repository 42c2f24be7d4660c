from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.serving import drift


def encode(pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_a_picture_is_measured():
    pixels = np.full((10, 40), 255)
    pixels[2:6, 5:15] = 51  # 40 of 400 pixels
    found = drift.measure_picture(encode(pixels))
    assert found == {"brightness": pytest.approx(0.92), "size": 40, "ink": pytest.approx(0.1)}
    assert drift.measure_picture(encode(255 - pixels))["ink"] == pytest.approx(0.1)  # light ink on dark paper
    assert drift.measure_picture(encode(np.full((3, 3), 7)))["ink"] == 0.0


def test_the_divergence_is_what_is_worked_out_by_hand():
    # shares of 1/2, 1/2 and 1/4, 3/4, whose middle is 3/8, 5/8
    first = 0.5 * math.log2(4 / 3) + 0.5 * math.log2(4 / 5)
    second = 0.25 * math.log2(2 / 3) + 0.75 * math.log2(6 / 5)
    by_chance = (1 / 1000 + 1 / 400) / (8 * math.log(2))
    found = drift.compute_divergence({"a": 500, "b": 500}, {"a": 100, "b": 300})
    assert found == pytest.approx((first + second) / 2 - by_chance)
    assert drift.compute_divergence({"a": 3, "b": 1}, {"a": 300, "b": 100}) == 0
    assert drift.compute_divergence({"a": 10**6}, {"b": 10**6}) == pytest.approx(1, abs=1e-6)
    with pytest.raises(ValueError, match="no values to compare"):
        drift.compute_divergence({"a": 1}, {})


def test_samples_of_one_distribution_are_near_0_and_a_shift_is_not():
    random = np.random.default_rng(1)

    def draw(middle: float, count: int) -> dict[str, int]:
        bins, counts = np.unique(np.round(random.normal(middle, 1, count) * 4), return_counts=True)
        return {str(int(each)): int(number) for each, number in zip(bins, counts, strict=True)}

    assert drift.compute_divergence(draw(0, 1000), draw(0, 1000)) < 0.01
    assert drift.compute_divergence(draw(0, 1000), draw(0.5, 1000)) == pytest.approx(0.044, abs=0.015)
    assert drift.compute_divergence(draw(0, 1000), draw(1, 1000)) == pytest.approx(0.161, abs=0.03)


def test_a_profile_counts_in_bins_and_texts_by_their_characters():
    pictures = [encode(np.full((8, 20), 128)), b"no picture"]
    assert drift.build_profile(pictures, [("7", 0.5), ("7", 0.9999)], whole=True) == {
        "brightness": {"10": 1},  # 0.502
        "size": {"3": 1},  # 16 to 22 pixels
        "ink": {"0": 1},
        "confidence": {"13": 1, "4": 1},
        "labels": {"7": 2},
    }
    assert drift.build_profile([], [("한", math.nan)], whole=False) == {"characters": {"ᄒ": 1, "ᅡ": 1, "ᆫ": 1}}


def test_a_picture_is_measured_for_a_small_share_of_the_time(monkeypatch):
    measured, times = [], iter([0.0, 1.0, 40.0, 51.5, 52.0])
    monkeypatch.setattr(drift.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(drift, "measure_picture", lambda image: measured.append(image) or {})
    window = drift.Window({"ink": {"0": 1}})
    for image in (b"from 0 s to 1 s", b"at 40 s", b"at 51.5 s"):  # free again 1 s / 2 % = 50 s later
        window.add([image], [], [])
    assert measured == [b"from 0 s to 1 s", b"at 51.5 s"]


def test_without_a_profile_nothing_is_told():
    window = drift.Window({})
    window.add([], ["7"] * 200, [0.5] * 200)
    assert window.count() == window.measure() == {}
