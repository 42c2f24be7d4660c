"""Fitted images stay what they were, byte for byte: the shipped models learned from them. The sums below are exact."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest

from tfx_ocr.data.pixels import glyph, line, numpy_ops, ops, page
from tfx_ocr.data.pixels.compose import compose

GLYPH = SimpleNamespace(height=28, width=24, channels=1, crop_to_ink=True, margin=0.1, ink_is_light=True)
COLOR = SimpleNamespace(height=20, width=30, channels=3, crop_to_ink=False, margin=0.0, ink_is_light=False)
STRIP = SimpleNamespace(height=24, width=160, margin=0.05)


def draw_image(seed: int, height: int, width: int, channels: int, ruled: bool = False) -> np.ndarray:
    """Return strokes on uneven paper, [height, width, channels] uint8; light on dark for odd seeds."""
    rng = np.random.default_rng(seed)
    paper = 200 + 40 * np.linspace(-1, 1, width)[None] * rng.uniform(0, 1) + rng.integers(-6, 7, (height, width))
    for _ in range(2 + width // 12):
        top, left = rng.integers(0, max(1, height * 3 // 4)), rng.integers(0, width)
        tall, wide = (height // 4 + 1, 2 + width // 60) if rng.random() < 0.5 else (2, max(2, height // 3))
        paper[top : top + tall, left : left + wide] = rng.integers(10, 120)
    paper[rng.integers(0, height, 3), rng.integers(0, width, 3)] = 0.0  # specks
    if ruled:
        paper[height * 5 // 6, :] = 60.0
        paper[:, width // 3] = 60.0
    grey = np.clip(paper, 0, 255).astype(np.uint8)
    grey = 255 - grey if seed % 2 else grey
    planes = [grey, 255 - grey // 2, grey // 3][: 3 if channels > 2 else 1]
    if channels in (2, 4):
        planes.append(np.where(np.abs(grey.astype(int) - 128) > 60, 255, 90).astype(np.uint8))
    return np.stack(planes, -1)


def digest(arrays: list[np.ndarray]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over all pixels."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]


SIZES = [(1, 1), (1, 40), (37, 1), (5, 5), (28, 28), (60, 45), (130, 140), (300, 200), (1030, 64), (2100, 1500)]


@pytest.mark.parametrize(
    ("spec", "expected"), [(GLYPH, "6cf2cbf0c270de78"), (COLOR, "6278c92689c12089")], ids=["ink", "whole"]
)
def test_glyphs(spec, expected):
    images = [draw_image(seed, *SIZES[seed % 10], 1 + seed % 4) for seed in range(80 if spec is GLYPH else 40)]
    assert digest([glyph.fit(numpy_ops, image, spec) for image in images]) == expected


@pytest.mark.parametrize(
    ("ruled", "expected"), [(False, "a142bc6e2c61da55"), (True, "8b148a858b026c2d")], ids=["plain", "ruled"]
)
def test_lines(ruled, expected):
    sizes = [(40, 300), (96, 500), (97, 800), (30, 1500), (200, 700), (13, 25), (60, 70), (3, 90), (400, 1000)]
    images = [draw_image(seed, *sizes[seed % 9], 1 + seed % 4, ruled) for seed in range(27)]
    assert digest([line.fit(numpy_ops, image, STRIP) for image in images]) == expected


@pytest.mark.parametrize("channels", [1, 3])
def test_planes_on_their_ground(channels):
    images = [draw_image(seed, 9, 7, 1 + seed % 4) for seed in range(24)]
    laid = [compose(numpy_ops, numpy_ops.to_planes(image), channels) for image in images]
    assert digest(laid) == {1: "1035f8e43e5b1906", 3: "162d14d88e971a46"}[channels]


def test_nothing_but_grey_levels_is_made_bytes():
    """TensorFlow saturates and wraps other numbers by their place in the tensor: findings/cast_by_position.sh."""
    seen = []

    def to_uint8(x):
        seen.append((float(x.min()), float(x.max()), bool((x == np.floor(x)).all())))
        return numpy_ops.to_uint8(x)

    watched = SimpleNamespace(**{name: getattr(numpy_ops, name) for name in numpy_ops.__all__} | {"to_uint8": to_uint8})
    board = np.kron(np.indices((12, 12)).sum(0) % 2 * 255, np.ones((3, 5))).astype(np.uint8)[..., np.newaxis]
    pictures = [draw_image(seed, *SIZES[seed], 1 + seed % 4, ruled=seed % 3 == 0) for seed in range(9)]
    frame = SimpleNamespace(side=64)
    for picture in (board, 255 - board, *pictures):
        for fit, spec in ((glyph.fit, GLYPH), (glyph.fit, COLOR), (line.fit, STRIP), (page.fit, frame)):
            fit(watched, picture, spec)
    assert len(seen) == 44
    assert min(low for low, _, _ in seen) == 0.0
    assert max(high for _, high, _ in seen) == 255.0
    assert all(is_whole for _, _, is_whole in seen)


def test_ink_as_light_as_dark_lies_on_white():
    planes = np.full((4, 1, 2), 127.5)
    planes[3] = [[255.0, 0.0]]
    assert compose(numpy_ops, planes, 1).tolist() == [[[127.5, 255.0]]]
    planes[:3] += 0.5
    assert compose(numpy_ops, planes, 1).tolist() == [[[128.0, 0.0]]]


def test_runs_are_summed_past_both_ends():
    row = np.array([[1.0, 2.0, 4.0]])
    assert ops.sum_runs(numpy_ops, row, np.float64(2.0), -1).tolist() == [[1.0, 3.0, 6.0, 4.0]]
    assert ops.sum_runs(numpy_ops, row.T, np.float64(2.0), -2).tolist() == [[1.0], [3.0], [6.0], [4.0]]
