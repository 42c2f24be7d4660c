"""Pictures in which nothing can be read, for training: characters of another script, loose strokes, textures."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tfx_ocr.data.pixels import glyph, numpy_ops
from tfx_ocr.data.samples import lines
from tfx_ocr.data.synthetic import fonts, hangul, paper

COUNT = 2000  # pictures; augmentation makes each another every time
SIDE = 96  # pixels of a drawing, before it is fitted
HAND = hangul.STYLES["handwritten"].hand
SCRAWL = paper.Hand(rotate_deg=180, waver=0.3)


@functools.lru_cache(maxsize=1)
def draw_strangers(spec: Any, characters: str) -> npt.NDArray[np.uint8]:
    """Draw pictures in which nothing can be read, and fit them as all pictures are.

    Half are `characters` in the fonts of the sample `lines` that its training has: its other fonts are left to judge
    by. The others are strokes and textures, and with `characters` empty all are.

    Args:
        spec: with the fields that `data.pixels.glyph.fit` reads.
        characters: outside the classes and unlike any of them.

    Returns:
        [COUNT, height, width, channels], paper 0 and ink light; the same at every call.
    """
    rng = np.random.default_rng(0)
    files = fonts.choose_fonts(fonts.list_fonts([lines.FONTS]), lines.SPLITS["train"][0], ())
    pens = [fonts.Pen(file, hangul.EM) for file in files]
    is_light, fitted = dataclasses.replace(spec, ink_is_light=True), []
    for number in range(COUNT):
        if characters and number % 2:
            pen, hand = pens[rng.integers(len(pens))], HAND if rng.random() < 0.5 else None
            ink = hangul.draw(pen, characters[rng.integers(len(characters))], rng, image_size=SIDE, hand=hand)
        else:
            ink = _draw_strokes(rng) if rng.random() < 0.5 else _draw_texture(rng)
        fitted.append(glyph.fit(numpy_ops, np.rint(255 * ink).astype(np.uint8)[..., np.newaxis], is_light))
    return np.stack(fitted)


def _draw_strokes(rng: np.random.Generator) -> paper.Ink:
    """Draw three to seven bent strokes."""
    ink = np.zeros((SIDE, SIDE), np.float32)
    for start, end in rng.uniform(0.15 * SIDE, 0.85 * SIDE, (rng.integers(3, 8), 2, 2)):
        paper.draw_line(ink, start, end, rng.uniform(2, 10), 1.0)
    return paper.bend(ink, SIDE, SIDE, rng, SCRAWL, (1.0, 1.0), (SIDE / 2, SIDE / 2), cells=4)


def _draw_texture(rng: np.random.Generator) -> paper.Ink:
    """Draw the mean of up to three grids of random levels: stripes, clouds, grain, blocks."""
    layers = []
    for rows, columns in rng.integers(1, SIDE // 2, (rng.integers(1, 4), 2)):
        interpolation = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_LINEAR
        layers.append(cv2.resize(rng.random((rows, columns), np.float32), (SIDE, SIDE), interpolation=interpolation))
    return np.mean(layers, 0)
