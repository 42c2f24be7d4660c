import numpy as np
import pytest
from PIL import Image, ImageDraw

from tfx_ocr.data.page.page import Box, Line, Page, Region, Word
from tfx_ocr.serving.reader import labels
from tfx_ocr.serving.reader.writers import draw_page


@pytest.fixture
def no_system_fonts(tmp_path, monkeypatch):
    """Give the system no fonts."""
    monkeypatch.setattr(labels, "SYSTEM_FONTS", tmp_path)
    caches = (labels._list_fonts, labels._find_font)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def draw(text, font):
    picture = Image.new("L", (80, 80), 255)
    ImageDraw.Draw(picture).text((10, 10), text, font=font, fill=0)
    return np.asarray(picture)


@pytest.mark.usefixtures("no_system_fonts")
def test_vietnamese_letters_are_told_apart_without_fonts_of_the_system():
    drawn = [draw(letter, labels.load_font(letter, 40)) for letter in "ếềđươạẢ"]
    assert len({each.tobytes() for each in drawn}) == 7
    assert labels.load_font("Tiền", 40).path == labels.VIETNAMESE
    assert labels.load_font("2,075", 40).getname()[0] == "Aileron"
    assert labels.load_font("", 40).getname()[0] == "Aileron"


@pytest.mark.usefixtures("no_system_fonts")
def test_a_letter_that_no_font_has_is_drawn_as_missing():
    assert labels.load_font("한", 40).getname()[0] == "Aileron"


def test_fonts_of_the_system_draw_other_scripts(tmp_path, monkeypatch, no_system_fonts):
    (tmp_path / "a.ttf").write_bytes(b"damaged")
    hangul = labels.VIETNAMESE.parent.parent / "hangul" / "Gaegu.ttf"
    file = tmp_path / "b.ttf"
    file.write_bytes(hangul.read_bytes())
    assert labels.load_font("한", 40).path == file


def test_labels_of_a_page_have_one_size_by_the_shorter_sides_of_words():
    upright = [Word(text="a", box=Box(0, 0, 200, 60)), Word(text="b", box=Box(0, 100, 90, 160)), Word(text="c")]
    sideways = [Word(text="a", box=Box(0, 0, 60, 200)), Word(text="b", box=Box(100, 0, 160, 90))]
    assert labels.find_size(upright, (800, 600)) == labels.find_size(sideways, (600, 800)) == 30
    assert labels.find_size([Word(text="1", box=Box(0, 0, 4, 12))], (1600, 2400)) == 20
    assert labels.find_size([], (100, 100)) == 10


def test_a_word_on_its_side_has_a_small_label():
    page = Page(
        size=(400.0, 400.0),
        regions=(Region(lines=(Line(text="WM", words=(Word(text="WM", box=Box(50, 100, 70, 390)),)),)),),
    )
    drawn = np.asarray(draw_page(page, np.full((400, 400), 255, np.uint8))).astype(int)
    red = np.argwhere(drawn[..., 0] > drawn[..., 2] + 50)
    assert np.ptp(red[:, 1]) < 40
