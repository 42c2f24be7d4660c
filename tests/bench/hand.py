"""A seeded hand that draws digits as few models know them: crossed and hooked sevens, open fours, a strong slant."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

SIDE = 64  # of a picture, in pixels
FINE = 4  # drawn so many times as large
# Strokes of each digit, points from the left and the top, 0 to 1.
STROKES = {
    # slashed
    "0": [
        [
            (0.5, 0.05),
            (0.25, 0.2),
            (0.18, 0.5),
            (0.27, 0.82),
            (0.5, 0.95),
            (0.73, 0.8),
            (0.82, 0.5),
            (0.74, 0.18),
            (0.5, 0.05),
        ],
        [(0.9, 0.02), (0.1, 0.98)],
    ],
    "1": [[(0.05, 0.85), (0.55, 0.05), (0.5, 0.95)]],  # its upstroke begins at the foot
    "2": [[(0.15, 0.12), (0.8, 0.1), (0.15, 0.93), (0.85, 0.93)], [(0.25, 0.55), (0.75, 0.5)]],  # crossed, as a Z
    "3": [[(0.15, 0.08), (0.82, 0.08), (0.42, 0.42), (0.68, 0.5), (0.8, 0.68), (0.62, 0.92), (0.15, 0.88)]],  # flat
    "4": [[(0.2, 0.05), (0.16, 0.35), (0.3, 0.5), (0.78, 0.46)], [(0.84, 0.03), (0.74, 0.98)]],  # open, as a Y
    "5": [
        [(0.25, 0.3), (0.25, 0.5), (0.62, 0.46), (0.78, 0.68), (0.55, 0.95), (0.15, 0.88)],
        [(0.3, 0.1), (0.95, 0.02)],
    ],
    "6": [[(0.85, 0.03), (0.45, 0.25), (0.2, 0.65), (0.3, 0.92), (0.62, 0.92), (0.75, 0.72), (0.6, 0.62)]],  # open
    "7": [[(0.08, 0.42), (0.12, 0.1), (0.85, 0.1), (0.42, 0.96)], [(0.2, 0.62), (0.85, 0.5)]],  # hooked and crossed
    "8": [
        [(0.82, 0.08), (0.45, 0.05), (0.25, 0.25), (0.72, 0.65), (0.6, 0.95), (0.25, 0.85), (0.35, 0.55), (0.8, 0.15)]
    ],
    # open on top, its tail to the left
    "9": [[(0.3, 0.05), (0.2, 0.3), (0.45, 0.48), (0.72, 0.35), (0.78, 0.06), (0.72, 0.7), (0.4, 0.97), (0.1, 0.82)]],
}


def draw_digit(label: str, chance: random.Random, slant: float = 0.45) -> bytes:
    """Draw a digit of this hand.

    Args:
        label: the digit.
        chance: moves the points, the slant, the size and the pen.
        slant: shift to the right of the digit's top, in its heights.

    Returns:
        A grey PNG, dark on light.
    """
    side = SIDE * FINE
    picture = Image.new("L", (side, side), chance.randint(225, 255))
    pen, ink = ImageDraw.Draw(picture), chance.randint(0, 60)
    width = round(chance.uniform(0.045, 0.075) * side)
    lean, high, wide = slant + chance.gauss(0, 0.06), chance.uniform(0.62, 0.74), chance.uniform(0.38, 0.5)
    for stroke in STROKES[label]:
        points = []
        for x, y in stroke:
            x, y = x + chance.gauss(0, 0.025), y + chance.gauss(0, 0.025)
            x = 0.5 + (x - 0.5) * wide + (0.5 - y) * high * lean
            points.append((x * side, (0.5 + (y - 0.5) * high) * side))
        pen.line(points, fill=ink, width=width, joint="curve")
        for x, y in points:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=ink)
    out = io.BytesIO()
    picture.resize((SIDE, SIDE), Image.Resampling.BOX).save(out, "PNG")
    return out.getvalue()


def draw_digits(count: int, seed: int) -> list[tuple[str, bytes]]:
    """Draw `count` digits, each class as often: label and picture."""
    chance = random.Random(seed)
    return [(label, draw_digit(label, chance)) for label in ("0123456789"[number % 10] for number in range(count))]
