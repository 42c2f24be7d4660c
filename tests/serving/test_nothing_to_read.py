"""What ships answers pictures of next to nothing with a probability below a fifth, in both forms."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.data import features, images, pretrained
from tfx_ocr.data.samples.lines import FONTS
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder

pytestmark = pytest.mark.tfx

SIZES = {"digits": (100, 130), "hangul": (120, 120), "lines": (600, 60), "print": (600, 60)}
FONT = str(FONTS / "Kodchasan.ttf")


def draw_nothing(width: int, height: int) -> dict[str, np.ndarray]:
    x, y = np.arange(width)[None] / width, np.arange(height)[:, None] / height
    found = {
        "noise": 235 + np.random.default_rng(1).normal(0, 3, (height, width)),
        "gradient": 200 + 50 * x + 0 * y,
        "shadow": 250 - 60 * np.exp(-6 * (x**2 + y**2)),
        **{name: np.full((height, width), 245.0) for name in ("blank", "speck", "specks", "frame", "box", "rule")},
    }
    found["speck"][40:42, 50:52] = 20
    for place in range(5):
        found["specks"][8 + 9 * place : 10 + 9 * place, 13 + 17 * place : 15 + 17 * place] = 20
    found["frame"][[0, -1]] = found["frame"][:, [0, -1]] = 0
    found["box"][[3, 4, -5, -4], 3:-3] = found["box"][3:-3, [3, 4, -5, -4]] = 60
    found["rule"][-9:-7] = 120
    return found


@pytest.mark.parametrize("form", [SAVED_MODEL, PORTABLE])
@pytest.mark.parametrize("name", ["digits", "hangul", "lines", "print"])
def test_nothing_is_answered_below_a_fifth(name, form):
    drawn = draw_nothing(*SIZES[name])
    encoded = [images.save_png(Image.fromarray(each.clip(0, 255).astype(np.uint8))) for each in drawn.values()]
    with open_folder(pretrained.get_folder(name), forms=(form,)) as model:
        found = model.ask(features.SERVE_IMAGES, {features.IMAGE_BYTES_IN: np.array(encoded, object)})
    sure = {kind: value for kind, value in zip(drawn, found[features.PROBABILITY_OUT], strict=True) if value >= 0.2}
    assert not sure


@pytest.mark.parametrize("form", [SAVED_MODEL, PORTABLE])
@pytest.mark.parametrize(("name", "text"), [("digits", "3"), ("digits", "1"), ("print", "."), ("print", "7")])
def test_small_writing_is_read(name, text, form):
    size, font = ((300, 300), 16) if name == "digits" else ((60, 60), 44)
    picture = Image.new("L", size, 250)
    ImageDraw.Draw(picture).text((20, 2), text, font=ImageFont.truetype(FONT, font), fill=20)
    with open_folder(pretrained.get_folder(name), forms=(form,)) as model:
        found = model.ask(
            features.SERVE_IMAGES, {features.IMAGE_BYTES_IN: np.array([images.save_png(picture)], object)}
        )
    assert found[features.PROBABILITY_OUT][0] > 0.2
    answer = found[features.LABEL_OUT][0].decode()
    # a line is fitted to its ink, so that a full stop alone may be read as a letter: what counts is that it is read
    assert answer if text == "." else answer == text
