import os
from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.data.alphabets import hangul
from tfx_ocr.data.synthetic import fonts

REAL = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")) / "fonts_ko"


@pytest.mark.parametrize(("ending", "composite"), [("ttf", {"라"}), ("otf", set())])
def test_what_a_font_draws_is_read_from_its_outlines_not_its_map(ending, composite, make_font, tmp_path):
    glyphs = {"가": "square", "나": "empty", "다": ".notdef", "라": "composite", " ": "space"}
    glyphs |= dict.fromkeys("마바사", "box") | dict.fromkeys("Đđ", "bar")
    font = make_font(tmp_path / f"tiny.{ending}", glyphs)
    # 나 is mapped but empty, 다 is the box for whatever is missing, 마바사 share a box, 아 is not mapped
    assert fonts.find_drawn(font, "가나다라마바사아 Đđ") == {"가", " ", "Đ", "đ"} | composite


def test_a_space_that_is_not_mapped_is_not_there(make_font, tmp_path):
    assert fonts.find_drawn(make_font(tmp_path / "a.ttf", {"가": "square"}), "가 ") == {"가"}


@pytest.mark.parametrize("content", [b"", b"OTTO" + bytes(40), b"no font"], ids=["empty", "cut_off", "text"])
def test_a_damaged_font_is_refused_by_name(content, tmp_path):
    (tmp_path / "bad.ttf").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.ttf cannot be read as a font"):
        fonts.find_drawn(tmp_path / "bad.ttf", "가")


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}: TFX_OCR_DATA names the folder of real data")
@pytest.mark.parametrize(
    ("name", "count"), [("ofl/BMJua.otf", 2367), ("ofl/HakgyoansimBunpil.otf", 2350), ("ofl/Dongle.ttf", 2350)]
)
def test_fonts_that_map_all_syllables_and_draw_few(name, count):
    assert len(fonts.find_drawn(REAL / name, hangul.CLASSES)) == count


def test_ink_is_cut_to_the_outline_and_says_where_it_was(make_font, tmp_path):
    pen = fonts.Pen(make_font(tmp_path / "a.ttf", {"가": "square", "나": "empty"}), 100)
    ink, left, top = pen.draw("가")
    assert (ink.shape, left, top) == ((50, 50), 10, -50)  # of 100 pixels an em: 100 to 600 across, 0 to 500 up
    assert np.all(ink == 255)
    two, left, _ = pen.draw("가가")
    assert (two.shape, left) == ((50, 150), 10)
    with pytest.raises(ValueError, match="draws nothing for '나'"):
        pen.draw("나")


def test_fonts_are_found_by_name_and_told_apart(tmp_path):
    for name in ("b/Two-Bold.ttf", "a/One.otf", "a/readme.txt", "c.ttf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = fonts.list_fonts([tmp_path / "a", tmp_path / "b", tmp_path / "c.ttf", tmp_path / "a"])
    assert [path.name for path in found] == ["One.otf", "Two-Bold.ttf", "c.ttf"]
    with pytest.raises(ValueError, match=r"no font in .*/d: files of \.otf, \.ttc, \.ttf are needed"):
        fonts.list_fonts([tmp_path / "d"])
    (tmp_path / "a/Two-Bold.otf").touch()
    with pytest.raises(ValueError, match="two fonts are called Two-Bold"):
        fonts.list_fonts([tmp_path])


@pytest.mark.parametrize(
    ("file", "family"),
    [
        ("Mali-ExtraLightItalic.ttf", "Mali"), ("UnDotumBold.ttf", "UnDotum"), ("NanumPen.ttf", "NanumPen"),
        ("SunflowerLight.ttf", "Sunflower"), ("Bold.ttf", "Bold"), ("NotoSansKR[wght].ttf", "NotoSansKR[wght]"),
    ],
)  # fmt: skip
def test_a_family_is_the_name_without_weight_and_slant(file, family):
    assert fonts.get_family(Path(file)) == family


def test_fonts_are_chosen_by_family(tmp_path):
    files = [Path("A-Bold.ttf"), Path("A.ttf"), Path("B.ttf")]
    assert fonts.choose_fonts(files, ["A"], []) == files[:2]
    assert fonts.choose_fonts(files, [], ["A"]) == files[2:]
    with pytest.raises(ValueError, match="no font of the family 'C'; there are: A, B"):
        fonts.choose_fonts(files, [], ["C"])
    with pytest.raises(ValueError, match="no font is left"):
        fonts.choose_fonts(files, ["A"], ["A"])
