"""What is near to nothing is fitted as nothing, and small or faint writing as writing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.components.recipe import Image as GlyphImage
from tfx_ocr.components.recipe import LineImage
from tfx_ocr.data.pixels import glyph, line, numpy_ops, ops, writing
from tfx_ocr.data.samples.lines import FONTS

GLYPH, LINE = GlyphImage(height=28, width=28), LineImage(height=32, width=640, margin=0.05)
FONT = str(FONTS / "Itim.ttf")


def draw(width: int, height: int, paper: int = 245) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (width, height), paper)
    return picture, ImageDraw.Draw(picture)


def fit(picture: np.ndarray | Image.Image, spec: GlyphImage | LineImage = GLYPH) -> np.ndarray:
    pixels = np.clip(np.asarray(picture), 0, 255).astype(np.uint8)[..., None]
    return (line if spec is LINE else glyph).fit(numpy_ops, pixels, spec)


def is_blank(picture: np.ndarray | Image.Image, spec: GlyphImage | LineImage = GLYPH) -> bool:
    return bool(fit(picture, spec).max() == 0)


@pytest.mark.parametrize("size", [(28, 28), (100, 130), (300, 200), (1300, 900)])
@pytest.mark.parametrize("grain", [0.0, 3.0])
def test_shading_is_no_writing(size, grain):
    width, height = size
    x, y = np.arange(width)[None] / width, np.arange(height)[:, None] / height
    noise = np.random.default_rng(4).normal(0, grain, (height, width))
    for shade in (
        200 + 50 * x + 0 * y,
        200 + 50 * y + 0 * x,
        20 + 110 * (x + y),
        250 - 60 * np.exp(-6 * (x**2 + y**2)),
        240 - 90 / (1 + np.exp(12 * (x - 0.3))) + 0 * y,
    ):
        assert is_blank(shade + noise)


@pytest.mark.parametrize("side", [1, 2, 3])
@pytest.mark.parametrize("size", [(28, 28), (100, 130), (300, 300)])
def test_specks_are_no_writing_wherever_they_lie(size, side):
    for turned in (False, True):
        picture, drawing = draw(*size)
        for place in ((5, 5), (size[0] - 6, 9), (size[0] // 2, size[1] - 8), (0, size[1] // 2)):
            drawing.rectangle((*place, place[0] + side - 1, place[1] + side - 1), fill=20)
        assert is_blank(255 - np.asarray(picture) if turned else picture)


@pytest.mark.parametrize("stroke", [1, 2])
@pytest.mark.parametrize("size", [(64, 64), (100, 130), (300, 300)])
def test_rules_boxes_and_frames_are_no_writing(size, stroke):
    width, height = size
    for drawn in ("frame", "box", "rule", "rules", "sloping rule"):
        picture, drawing = draw(*size)
        match drawn:
            case "frame":
                drawing.rectangle((0, 0, width - 1, height - 1), outline=0, width=stroke)
            case "box":
                drawing.rectangle((3, 3, width - 4, height - 4), outline=60, width=stroke)
            case "rule":
                drawing.line((0, height - 8, width, height - 8), fill=120, width=stroke)
            case "rules":
                for part in (3, 5, 7):
                    drawing.line((0, height * part // 8, width, height * part // 8), fill=120, width=stroke)
            case _:
                drawing.line((0, height // 2, width, height // 2 + width // 60), fill=80, width=stroke)
        assert is_blank(picture), drawn


@pytest.mark.parametrize("text", list("0123456789"))
def test_small_faint_and_tight_writing_stays(text):
    font = ImageFont.truetype(FONT, 200)
    left, top, right, bottom = font.getbbox(text)
    glyph_of, drawing = draw(right - left, bottom - top, 0)
    drawing.text((-left, -top), text, font=font, fill=255)
    for height, room, contrast in ((12, 288, 200), (20, 40, 40), (60, 2, 200), (100, 1, 200)):
        small = glyph_of.resize((max(2, round(height * glyph_of.width / glyph_of.height)), height))
        picture = np.full((height + room, small.width + room), 240.0)
        picture[room // 3 :, room // 2 :][:height, : small.width] -= np.asarray(small) * (contrast / 255)
        assert not is_blank(picture), (height, room)


def test_a_bar_in_a_narrow_picture_is_a_stroke_and_a_thick_box_a_glyph():
    bar, drawing = draw(16, 60)
    drawing.rectangle((1, 1, 14, 58), fill=10)
    assert not is_blank(bar)
    box, drawing = draw(60, 60)
    drawing.rectangle((2, 2, 57, 57), outline=10, width=9)
    assert not is_blank(box)


@pytest.mark.parametrize("text", [".", ",", "-", "'", "1", "TOTAL 9.50"])
@pytest.mark.parametrize(("pixels", "contrast"), [(16, 200), (36, 200), (36, 40)])
def test_the_smallest_characters_of_a_line_stay(text, pixels, contrast):
    font = ImageFont.truetype(FONT, pixels)
    for width in (int(font.getlength(text)) + 16, 600):
        picture, drawing = draw(width, int(1.5 * pixels), 240)
        drawing.text((8, 0.1 * pixels), text, font=font, fill=240 - contrast)
        assert not is_blank(picture, LINE)


@pytest.mark.parametrize("height", [60, 96, 200])
def test_specks_in_a_line_are_no_writing(height):
    picture, drawing = draw(10 * height, height)
    side = height // 30
    for place in range(5):
        x, y = (2 * place + 1) * height, (place + 1) * height // 7
        drawing.rectangle((x, y, x + side - 1, y + side - 1), fill=20)
    assert is_blank(picture, LINE)
    drawing.rectangle((height, height // 3, height + 4, height // 2), fill=20)
    assert not is_blank(picture, LINE)


def test_grain_is_no_line_of_writing_and_faint_writing_in_it_is():
    noise = np.random.default_rng(2).normal(0, 6, (60, 600))
    assert is_blank(230 + noise, LINE)
    picture, drawing = draw(600, 60, 230)
    drawing.text((20, 8), "TOTAL 9.50", font=ImageFont.truetype(FONT, 36), fill=150)
    assert not is_blank(np.asarray(picture) + noise, LINE)


@pytest.mark.parametrize(("speck", "expected"), [(2.0, [False, True, True]), (3.0, [False, False, True])])
def test_strokes_are_longer_than_specks(speck, expected):
    found = []
    for length in (2, 3, 4):
        image = np.zeros((12, 12))
        image[4 : 4 + length, 5] = 1.0
        image[0, 11] = 1.0
        found.append(bool(writing.has_stroke(numpy_ops, image, np.float64(speck))))
    assert found == expected


@pytest.mark.parametrize(("drawn", "expected"), [("step", True), ("slope", False), ("grain", False)])
def test_an_edge_stands_out_of_the_grain_and_comes_within_reach(drawn, expected):
    image = np.zeros((20, 20))
    image[:, 10:] = 15.0
    if drawn == "slope":
        image = np.tile(np.linspace(0, 100, 20), (20, 1))
    if drawn == "grain":
        image += np.where(np.indices((20, 20)).sum(0) % 2, 12.0, 0.0)
    found = writing.has_edge(numpy_ops, image, ops.sum_around(numpy_ops, image), np.float64(2.0))
    assert bool(found) is expected
