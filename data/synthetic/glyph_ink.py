"""The ink of one character: as a font has it, or with its strokes written anew."""

from __future__ import annotations

import numpy as np

from tfx_ocr.data.alphabets import hangul
from tfx_ocr.data.synthetic import fonts, paper, strokes

EM = 128  # pixels at which glyphs are taken from the font
ROOM = 16  # pixels around them, for wider strokes
HAND = paper.Hand(rotate_deg=9, shear_deg=16, stretch=0.22, waver=0.075, stroke=(0.02, 0.1))  # of a writer


def draw(
    pen: fonts.Pen,
    symbol: str,
    rng: np.random.Generator,
    *,
    image_size: int = 96,
    size: int = 76,
    x_offset: int = 0,
    y_offset: int = 0,
    hand: paper.Hand | None = None,
    writer: strokes.Writer | None = None,
) -> paper.Ink:
    """Return the ink of one character in the middle of a square.

    Args:
        pen: a font at `EM`.
        symbol: one that the font has ink for (`fonts.inked`).
        rng: where chance comes from.
        image_size: side of the square in pixels.
        size: longer side of the ink in pixels, before the hand's unsteadiness.
        x_offset: of the ink's middle from the square's, in pixels, to the right.
        y_offset: likewise, down.
        hand: how unsteady; None is steady.
        writer: who writes the glyph anew; None leaves it as the font has it.

    Raises:
        ValueError: the font has no ink for it.
    """
    hand = hand or paper.Hand()
    glyph, _, _ = pen.draw(symbol)
    ink = glyph.astype(np.float32) / 255
    longest = max(glyph.shape)
    if writer:
        ink = strokes.rewrite(ink, writer, rng, ROOM, "" if hangul.find_problem(symbol) else symbol)
    else:
        ink = np.pad(ink, ROOM)
    if hand.stroke:
        ink = paper.set_stroke_width(ink, rng.uniform(*hand.stroke) * longest)
    return place(ink, longest, rng, image_size=image_size, size=size, x_offset=x_offset, y_offset=y_offset, hand=hand)


def place(
    ink: paper.Ink, longest: int, rng: np.random.Generator, *, image_size: int, size: int, x_offset: int, y_offset: int,
    hand: paper.Hand,
) -> paper.Ink:  # fmt: skip
    """Return ink of so many pixels in the middle of a square, see `draw`."""
    at = (image_size + 2 * x_offset - 0.5, image_size + 2 * y_offset - 0.5)  # at double size
    scale = 2 * size / longest
    return paper.halve(paper.bend(ink, 2 * image_size, 2 * image_size, rng, hand, (scale, scale), at, cells=3))
