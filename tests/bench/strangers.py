"""Draw what a recipe does not read: other scripts, noise, ruled paper, crops of photographs."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.data.samples import hangul, lines
from tfx_ocr.data.synthetic import fonts

Rng = np.random.Generator
# Letters but for those that are drawn like a digit: O and o, l and I.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
DIGITS = "0123456789"
# Of scikit-image's pictures those that are photographs: no pages, signs or drawings, which may hold what is read.
PHOTOGRAPHS = (
    *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png", "gravel.png"),
    *("hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg"),
)


@functools.cache
def list_latin_fonts() -> list[Path]:
    """Return the fonts that the sample `lines` holds out, and `data/synthetic/strangers.py` does not draw with."""
    return fonts.choose_fonts(fonts.list_fonts([lines.FONTS]), (), lines.SPLITS["train"][0])


def list_hangul_fonts() -> list[Path]:
    """Return the fonts of the sample `hangul`."""
    return fonts.list_fonts([hangul.FONTS])


def draw_text(rng: Rng, characters: str, list_files: Callable[[], list[Path]], longest: int = 1) -> Image.Image:
    """Draw up to `longest` characters in a font, upright, dark on light or light on dark."""
    font = ImageFont.truetype(str(rng.choice(list_files())), int(rng.integers(40, 90)))
    text = "".join(rng.choice(list(characters), rng.integers(1, longest + 1)))
    picture = Image.new("L", (38 + 90 * len(text), 128), int(rng.integers(200, 256)))
    middle = picture.width / 2, 64
    ImageDraw.Draw(picture).text(middle, text, fill=int(rng.integers(0, 80)), font=font, anchor="mm")
    return picture if rng.random() < 0.5 else Image.eval(picture, lambda level: 255 - level)


def draw_noise(rng: Rng) -> Image.Image:
    """Draw noise of any strength, grain and level."""
    side, grain = int(rng.integers(24, 129)), int(rng.choice([1, 1, 2, 4, 8]))
    noise = rng.normal(rng.uniform(60, 220), rng.uniform(3, 90), (side // grain + 1, side // grain + 1))
    return Image.fromarray(np.clip(np.kron(noise, np.ones((grain, grain))), 0, 255).astype(np.uint8))


def draw_ruled(rng: Rng) -> Image.Image:
    """Draw ruled, squared or dotted paper, a little rotated."""
    side, step = int(rng.integers(40, 160)), int(rng.integers(10, 40))
    paper = Image.new("L", (side, side), int(rng.integers(210, 256)))
    pen, ink = ImageDraw.Draw(paper), int(rng.integers(60, 190))
    kind, width = rng.integers(0, 3), int(rng.integers(1, 4))
    for place in range(int(rng.integers(0, step)), side, step):
        if kind == 2:
            for across in range(0, side, step):
                pen.ellipse((across, place, across + width, place + width), fill=ink)
            continue
        pen.line((0, place, side, place), fill=ink, width=width)
        if kind == 1:
            pen.line((place, 0, place, side), fill=ink, width=width)
    return paper.rotate(rng.uniform(-3, 3), fillcolor=paper.getpixel((0, 0)))


@functools.cache
def load_photographs() -> list[Image.Image]:
    """Return the photographs that scikit-learn ships, and those of scikit-image where that is installed."""
    from sklearn.datasets import load_sample_images

    photographs = [Image.fromarray(image) for image in load_sample_images().images]
    if spec := importlib.util.find_spec("skimage"):
        folder = Path(str(spec.origin)).with_name("data")
        photographs += [Image.open(folder / name).convert("RGB") for name in PHOTOGRAPHS]
    return photographs


def crop_photograph(rng: Rng) -> Image.Image:
    """Cut a square out of a photograph."""
    photographs = load_photographs()
    photograph = photographs[rng.integers(0, len(photographs))]
    side = int(min(rng.integers(28, 200), *photograph.size))
    left, top = (int(rng.integers(0, length - side + 1)) for length in photograph.size)
    return photograph.crop((left, top, left + side, top + side))


def draw_blank(rng: Rng) -> Image.Image:
    """Draw blank paper of any grey, at times with a grain of up to four levels."""
    side = int(rng.integers(10, 200))
    paper = rng.uniform(0, 255) + rng.normal(0, rng.choice([0, 0, 2, 4]), (side, side))
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


COMMON: dict[str, Callable[[Rng], Image.Image]] = {
    "noise": draw_noise,
    "ruled paper": draw_ruled,
    "crops of photographs": crop_photograph,
    "blank paper": draw_blank,
}
# What a recipe does not read, by kind.
STRANGERS: dict[str, dict[str, Callable[[Rng], Image.Image]]] = {
    "digits": {
        "drawn letters": functools.partial(draw_text, characters=LETTERS, list_files=list_latin_fonts),
        **COMMON,
    },
    "hangul": {
        "drawn Latin and digits": functools.partial(
            draw_text, characters=LETTERS + DIGITS, list_files=list_latin_fonts
        ),
        **COMMON,
    },
    "lines": {
        "drawn Hangul": functools.partial(
            draw_text, characters=hangul.SYLLABLES, list_files=list_hangul_fonts, longest=8
        ),
        **COMMON,
    },
}
