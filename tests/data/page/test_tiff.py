import io

import pytest
from PIL import Image, TiffImagePlugin

from tfx_ocr.data.page import tiff


def written(pages, **options):
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:], **options)
    return content.getvalue()


def pixels(page):
    with Image.open(io.BytesIO(page)) as opened:
        assert opened.format == "PNG"
        return opened.mode, opened.size, opened.getpixel((0, 0))


@pytest.mark.parametrize("compression", ["group4", "group3", "tiff_lzw", "tiff_adobe_deflate", "packbits", None])
def test_black_and_white_in_every_compression(compression):
    content = written([Image.new("1", (9, 7), 1), Image.new("1", (8, 6), 0)], compression=compression)
    assert [pixels(tiff.read_page(content, number)) for number in (0, 1)] == [("L", (9, 7), 255), ("L", (8, 6), 0)]


def test_colour_as_jpeg():
    page = tiff.read_page(written([Image.new("RGB", (16, 16), (200, 0, 0))], compression="jpeg"))
    mode, size, (red, green, _) = pixels(page)
    assert (mode, size, red > 180, green < 20) == ("RGB", (16, 16), True, True)


def test_a_page_far_in_is_read_and_no_other_is_decoded(monkeypatch):
    content = written([Image.new("1", (4, 4), number % 2) for number in range(200)], compression="group4")
    loaded = []
    load = TiffImagePlugin.TiffImageFile.load
    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "load", lambda image: loaded.append(image.tell()) or load(image))
    assert [pixels(tiff.read_page(content, number))[2] for number in (60, 199)] == [0, 255]
    assert set(loaded) == {60, 199}
    with pytest.raises(ValueError, match="page 201 of the TIFF: "):
        tiff.read_page(content, 200)


def test_what_cannot_be_read_is_refused_with_a_reason():
    content = written([Image.new("L", (9, 7))] * 2)
    assert tiff.is_tiff(content)
    assert not tiff.is_tiff(b"\x89PNG")
    with pytest.raises(ValueError, match="page 1 of the TIFF: not an image"):
        tiff.read_page(b"II*\0nothing")
    with pytest.raises(ValueError, match="page 1 of the TIFF: too large: 9 x 7 pixels, where 62 are allowed"):
        tiff.read_page(content, max_pixels=62)
    with pytest.raises(ValueError, match="page 1 of the TIFF: more than 16 bits per channel: TIFF of mode F"):
        tiff.read_page(written([Image.new("F", (9, 7))]))
    cut = written([Image.new("1", (400, 300), number % 2) for number in range(200)], compression="group4")[:3000]
    with pytest.raises(ValueError, match=r"page \d+ of the TIFF"):
        tiff.read_page(cut, 199)
    with pytest.raises(ValueError, match=r"page 1 of the TIFF"):
        tiff.read_page(written([Image.effect_noise((99, 99), 9)])[:3000])
