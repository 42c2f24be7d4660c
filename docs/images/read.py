"""Draw `read.png` beside this file: a drawn page of digits among print, and what `tfx-ocr read` answers on it.

The digits are those of the fonts of data/samples that look like handwriting.

    python docs/images/read.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.data.synthetic.digit_pages import draw_page
from tfx_ocr.serving import Reader

TARGET = Path(__file__).with_suffix(".png")
FONTS = Path(__file__).parents[2] / "data" / "samples" / "fonts" / "lines"
SEED = 1
TOP, HEIGHT, WIDTH = 150, 800, 1800  # what is shown of the page
SHOWN_WIDTH = 640
COLORS = 32


def main() -> None:
    """Draw, read, and write the picture."""
    fonts = sorted(FONTS.glob("*.ttf"))
    labels = [digit for _ in fonts for digit in "0123456789"]
    pictures = np.stack([draw_digit(digit, font) for font in fonts for digit in "0123456789"])
    page = draw_page(
        pictures, labels, fonts, np.random.default_rng(SEED), layout="fields", printed=True, most=60
    )  # fmt: skip
    shown = page.pixels[TOP : TOP + HEIGHT, :WIDTH]
    with Reader() as reader:
        drawn = reader.read(np.ascontiguousarray(shown)).draw()
    size = SHOWN_WIDTH, round(SHOWN_WIDTH * HEIGHT / WIDTH)
    drawn.resize(size).quantize(COLORS).save(TARGET, optimize=True)


def draw_digit(digit: str, font: Path) -> np.ndarray:
    """Return a digit's picture, light on black: [28, 28] uint8, as MNIST has them."""
    picture = Image.new("L", (28, 28))
    ImageDraw.Draw(picture).text((14, 14), digit, fill=255, font=ImageFont.truetype(font, 26), anchor="mm")
    return np.asarray(picture)


if __name__ == "__main__":
    main()
