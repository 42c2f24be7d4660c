import cv2
import numpy as np
import pytest

from tfx_ocr.data.synthetic import fonts, glyph_ink


@pytest.fixture(scope="module")
def font(make_font, tmp_path_factory):
    path = tmp_path_factory.mktemp("fonts") / "One-Bold.ttf"
    return make_font(path, {"가": "square", "나": "bar", "다": "empty"})


def box(ink):
    return cv2.boundingRect((ink > 0.5).astype(np.uint8))


@pytest.mark.parametrize(
    ("symbol", "sizes", "expected"),
    [
        ("가", {"image_size": 64, "size": 40}, (12, 12, 40, 40)),
        ("가", {"image_size": 128, "size": 40, "x_offset": 5, "y_offset": -7}, (49, 37, 40, 40)),
        ("나", {"image_size": 64, "size": 48}, (8, 26, 48, 12)),  # 800 by 200 of the font's units
    ],
)
def test_a_character_is_drawn_as_large_and_where_it_is_told(font, symbol, sizes, expected):
    ink = glyph_ink.draw(fonts.Pen(font, glyph_ink.EM), symbol, np.random.default_rng(0), **sizes)
    assert ink.shape == (sizes["image_size"], sizes["image_size"])
    np.testing.assert_allclose(box(ink), expected, atol=1)


def test_a_glyph_without_ink_is_never_drawn(font):
    with pytest.raises(ValueError, match="the font draws nothing for '다'"):
        glyph_ink.draw(fonts.Pen(font, glyph_ink.EM), "다", np.random.default_rng(0))
