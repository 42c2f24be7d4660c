from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.components.recipe import Image, LineImage
from tfx_ocr.data.synthetic import strangers

SPEC = Image(height=28, width=28, margin=0.2)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(strangers, "COUNT", 60)
    draws = strangers.draw_strangers, strangers.draw_line_strangers
    for draw in draws:
        draw.cache_clear()
    yield
    for draw in draws:
        draw.cache_clear()


@pytest.mark.parametrize("channels", [1, 3])
def test_all_are_fitted_and_no_two_strokes_or_textures_are_equal(channels):
    drawn, labels = strangers.draw_strangers(Image(height=28, width=20, channels=channels), "AB")
    assert (drawn.shape, drawn.dtype) == ((60, 28, 20, channels), np.uint8)
    assert len({picture.tobytes() for picture in drawn[::3]}) == 20
    assert (labels == -1).all()
    assert drawn.max(axis=(1, 2, 3)).min() > 64


def test_they_are_the_same_whenever_they_are_drawn():
    first = strangers.draw_strangers(SPEC, "AB", "12")
    assert len(first) == 2  # pictures and labels
    strangers.draw_strangers.cache_clear()
    for one, other in zip(first, strangers.draw_strangers(SPEC, "AB", "12"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_third_is_a_foreign_character_in_its_margin_of_paper():
    # an H fills 28 / 1.4 = 20 pixels each way at most: 3 of 28 at each edge are paper, an edge of softness aside
    letters = strangers.draw_strangers(SPEC, "H")[0][1::3, ..., 0]
    inside = letters[:, 3:-3, 3:-3]
    assert letters.sum() == inside.sum()
    assert (inside.max(axis=(1, 2)) > 150).all()


def test_without_characters_none_is_drawn(monkeypatch):
    monkeypatch.setattr(strangers.glyph_ink, "draw", None)
    assert len(strangers.draw_strangers(SPEC, "")[0]) == 60


def test_familiar_characters_keep_their_class(monkeypatch):
    drawn = []
    draw = strangers.glyph_ink.draw
    monkeypatch.setattr(
        strangers.glyph_ink, "draw", lambda pen, one, *rest, **more: drawn.append(one) or draw(pen, one, *rest, **more)
    )
    _, labels = strangers.draw_strangers(SPEC, "AB", "789")
    assert (labels[::3] == -1).all()
    assert ({*drawn[::2]}, {*drawn[1::2]}) == ({"A", "B"}, {"7", "8", "9"})
    assert [number for number in labels if number >= 0] == ["789".index(one) for one in drawn if one in "789"]


def test_characters_are_drawn_in_the_fonts_of_training_alone(monkeypatch):
    files = []
    monkeypatch.setattr(strangers.fonts, "Pen", lambda file, em: files.append(file.stem))
    strangers.draw_strangers(SPEC, "")
    assert files == ["Charm", "GrapeNuts", "Itim", "Kodchasan", "Mali", "Pangolin", "PlaypenSans", "ShantellSans"]


def test_dark_ink_is_drawn_light_too():
    dark = strangers.draw_strangers(Image(height=28, width=28, ink_is_light=False), "H")[0][1]
    strangers.draw_strangers.cache_clear()
    np.testing.assert_array_equal(dark, strangers.draw_strangers(SPEC, "H")[0][1])


def test_lines_are_fitted_with_no_two_equal_and_half_of_them_ruled(monkeypatch):
    ruled = []
    draw = strangers._draw_rules
    monkeypatch.setattr(strangers, "_draw_rules", lambda rng, width: ruled.append(width) or draw(rng, width))
    drawn = strangers.draw_line_strangers(LineImage(height=16, width=160))
    assert (drawn.shape, drawn.dtype) == ((60, 16, 160, 1), np.uint8)
    assert len({picture.tobytes() for picture in drawn}) > 50  # some rules are taken for a form's, and out
    assert len(ruled) == 30
    assert 8 <= ruled.count(96) <= 22  # half are square: 15, standard deviation 2.7
    assert {width % 96 for width in ruled} == {0}
    assert 960 >= max(ruled) > 480
    strangers.draw_line_strangers.cache_clear()
    np.testing.assert_array_equal(strangers.draw_line_strangers(LineImage(height=16, width=160)), drawn)


def test_rules_run_across_downwards_or_both():
    rng, kinds = np.random.default_rng(1), set()
    for _ in range(60):
        ink = strangers._draw_rules(rng, 192)
        assert (ink.shape, ink.dtype, ink.max() <= 1) == ((96, 192), np.float32, True)
        rows, columns = (np.abs(np.diff(ink, axis=axis)).sum() for axis in (0, 1))
        kinds.add("across" if rows > 4 * columns else "downwards" if columns > 4 * rows else "both")
    assert kinds == {"across", "downwards", "both"}
