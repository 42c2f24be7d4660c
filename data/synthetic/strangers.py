"""Pictures in which nothing can be read, for training: another script, loose strokes, textures, ruled paper."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tfx_ocr.data.pixels import glyph, line, numpy_ops
from tfx_ocr.data.samples import lines
from tfx_ocr.data.synthetic import fonts, glyph_ink, paper

COUNT = 2000  # pictures; augmentation makes each another every time
SIDE = 96  # pixels of a drawing, before it is fitted
SCRAWL = paper.Hand(rotate_deg=180, waver=0.3)


@functools.lru_cache(maxsize=1)
def draw_strangers(spec: Any, foreign: str, familiar: str = "") -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Draw pictures in which nothing can be read, and fit them as all pictures are.

    A third each are strokes or textures, `foreign` and `familiar` characters; what is empty is replaced by the first.
    The fonts are those of the sample `lines` that its training has: the others are left to judge by. Without familiar
    characters a font itself would be what is foreign: printed digits were then refused as letters were.

    Args:
        spec: with the fields that `data.pixels.glyph.fit` reads.
        foreign: characters outside the classes and unlike any of them.
        familiar: characters that are the classes, in their order.

    Returns:
        [COUNT, height, width, channels], paper 0 and ink light, and labels [COUNT]: a class's number, or -1 where
        nothing can be read; the same at every call.
    """
    rng = np.random.default_rng(0)
    files = fonts.choose_fonts(fonts.list_fonts([lines.FONTS]), lines.SPLITS["train"][0], ())
    pens = [fonts.Pen(file, glyph_ink.EM) for file in files]
    is_light, fitted, labels = dataclasses.replace(spec, ink_is_light=True), [], np.full(COUNT, -1)
    for number in range(COUNT):
        if characters := ("", foreign, familiar)[number % 3]:
            pen, hand = pens[rng.integers(len(pens))], glyph_ink.HAND if rng.random() < 0.5 else None
            character = characters[rng.integers(len(characters))]
            labels[number] = familiar.find(character)
            ink = glyph_ink.draw(pen, character, rng, image_size=SIDE, hand=hand)
        else:
            ink = _draw_strokes(rng) if rng.random() < 0.5 else _draw_texture(rng, SIDE)
        fitted.append(glyph.fit(numpy_ops, _to_pixels(ink), is_light))
    return np.stack(fitted), labels


@functools.lru_cache(maxsize=1)
def draw_line_strangers(spec: Any) -> npt.NDArray[np.uint8]:
    """Draw pictures in which no line can be read, and fit them as all lines are.

    A quarter each are rows of strokes, like an unknown script, and textures, half are ruled paper; half of
    each are as wide as they are high, the others up to ten times as wide.

    Args:
        spec: with the fields that `data.pixels.line.fit` reads.

    Returns:
        [COUNT, height, width, 1], paper 0 and ink light; the same at every call.
    """
    rng, fitted = np.random.default_rng(0), []
    for number in range(COUNT):
        times = 1 if rng.random() < 0.5 else int(rng.integers(2, 11))
        if number % 2:
            ink = _draw_rules(rng, times * SIDE)
        elif number % 4:
            ink = np.hstack([_draw_strokes(rng) for _ in range(times)])
        else:
            ink = _draw_texture(rng, times * SIDE)
        fitted.append(line.fit(numpy_ops, 255 - _to_pixels(ink), spec))
    return np.stack(fitted)


def _to_pixels(ink: paper.Ink) -> npt.NDArray[np.uint8]:
    return np.rint(255 * ink).astype(np.uint8)[..., np.newaxis]


def _draw_strokes(rng: np.random.Generator) -> paper.Ink:
    """Draw three to seven bent strokes."""
    ink = np.zeros((SIDE, SIDE), np.float32)
    for start, end in rng.uniform(0.15 * SIDE, 0.85 * SIDE, (rng.integers(3, 8), 2, 2)):
        paper.draw_line(ink, start, end, rng.uniform(2, 10), 1.0)
    return paper.bend(ink, SIDE, SIDE, rng, SCRAWL, (1.0, 1.0), (SIDE / 2, SIDE / 2), cells=4)


def _draw_rules(rng: np.random.Generator, width: int) -> paper.Ink:
    """Draw rules across, downwards or both, whole or dashed, with a tilt and a distance of their own."""
    ink, tilt = np.zeros((SIDE, width), np.float32), rng.uniform(-0.1, 0.1)
    step, thick, strength = rng.uniform(6, 0.6 * SIDE), rng.uniform(0.5, 6), rng.uniform(0.2, 1)
    kind, reach = rng.integers(3), SIDE + width
    for at in np.arange(-reach + rng.uniform(0, step), reach, step):
        if kind != 1:
            paper.draw_line(ink, (0, at), (width, at + tilt * width), thick, strength)
        if kind != 0:
            paper.draw_line(ink, (at, 0), (at - tilt * SIDE, SIDE), thick, strength)
    if rng.random() < 0.4:
        ink[:, np.arange(width) % step < rng.uniform(0.2, 0.8) * step] = 0
    return ink


def _draw_texture(rng: np.random.Generator, width: int) -> paper.Ink:
    """Draw the mean of up to three grids of random levels: stripes, clouds, grain, blocks."""
    layers = []
    for rows, columns in rng.integers(1, SIDE // 2, (rng.integers(1, 4), 2)):
        interpolation = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_LINEAR
        layers.append(cv2.resize(rng.random((rows, columns), np.float32), (width, SIDE), interpolation=interpolation))
    return np.mean(layers, 0)
