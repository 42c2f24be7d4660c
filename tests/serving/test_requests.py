"""Files, bytes and arrays as requests, by signature."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.serving.requests import REQUESTS, read_source, stack


def encode(grey, form="PNG", size=(4, 4)):
    written = io.BytesIO()
    Image.new("L", size, grey).save(written, form)
    return written.getvalue()


def build(signature, source):
    return REQUESTS[signature].build(read_source(source))


def test_a_tiff_becomes_a_png(tmp_path):
    (tmp_path / "a.tif").write_bytes(encode(5, "TIFF"))
    image = build("serve_images", tmp_path / "a.tif")["image_bytes"].item()
    assert image.startswith(b"\x89PNG\r\n")
    assert Image.open(io.BytesIO(image)).getpixel((0, 0)) == 5


def test_bytes_a_file_and_an_array_give_one_request(tmp_path):
    content = encode(7)
    (tmp_path / "a.png").write_bytes(content)
    assert build("serve_images", content)["image_bytes"].item() == content
    assert build("serve_images", str(tmp_path / "a.png"))["image_bytes"].item() == content
    from_array = build("serve_images", np.full((4, 4), 7, np.uint8))["image_bytes"].item()
    assert np.asarray(Image.open(io.BytesIO(from_array))).tolist() == [[7] * 4] * 4


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2)), np.zeros(4, np.uint8), np.zeros((2, 2, 2), np.uint8)], ids=["type", "rank", "channels"]
)
def test_an_array_of_another_kind_is_refused(array):
    with pytest.raises(ValueError, match=r"give uint8 of \[height, width\]"):
        read_source(array)


def test_what_cannot_be_read_is_one_clause(tmp_path):
    with pytest.raises(ValueError, match=r"^no such file$"):
        read_source(tmp_path / "gone.png")
    with pytest.raises(ValueError, match=r"^a folder: give the files in it$"):
        read_source(tmp_path)


def test_a_picture_of_more_pixels_than_a_model_answers_is_refused():
    assert build("serve_images", encode(1, size=(1, 1)))["image_bytes"].shape == ()
    with pytest.raises(ValueError, match="too large: 50001 x 1000 pixels, where 50000000 are allowed"):
        build("serve_images", encode(1, size=(50_001, 1_000)))


@pytest.mark.parametrize(
    ("mode", "color", "read"), [("1", 255, 255), ("RGBA", (1, 2, 3, 4), (1, 2, 3, 4)), ("I;16", 770, 770)]
)
def test_an_image_of_pillow_keeps_its_pixels(mode, color, read):
    image = Image.new(mode, (2, 3), color)
    again = Image.open(io.BytesIO(read_source(image)))
    assert (again.size, again.getpixel((0, 0))) == ((2, 3), read)


def test_an_image_of_pillow_keeps_its_orientation():
    image = Image.new("L", (2, 3))
    image.getexif()[0x0112] = 6
    assert Image.open(io.BytesIO(read_source(image))).getexif()[0x0112] == 6


def test_an_image_of_pillow_that_cannot_be_encoded_is_refused():
    with pytest.raises(ValueError, match="an image that cannot be encoded: cannot write mode F as PNG"):
        read_source(Image.new("F", (2, 2)))


PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
 <Page imageFilename="a.png" imageWidth="100" imageHeight="50"><TextRegion id="r"><TextLine id="l">
  <Word id="w"><Coords points="10,5 40,5 40,15 10,15"/><TextEquiv><Unicode>T\u1ed5ng</Unicode></TextEquiv></Word>
  <Word id="v"><Coords points="50,5 90,5 90,15 50,15"/><TextEquiv><Unicode>12,500</Unicode></TextEquiv></Word>
 </TextLine></TextRegion></Page></PcGts>"""


def test_a_page_becomes_its_words_and_boxes():
    inputs = build("serve_words", PAGE.encode())
    assert inputs["words"].tolist() == ["T\u1ed5ng".encode(), b"12,500"]
    assert inputs["boxes"].dtype == np.float32
    assert inputs["boxes"].tolist() == [[10, 5, 40, 15], [50, 5, 90, 15]]


def test_a_picture_of_a_page_is_refused_with_what_to_give():
    said = "a picture: this model takes words; give the page's PAGE XML, ALTO or hOCR, .*`tfx-ocr read --fields`"
    with pytest.raises(ValueError, match=said):
        build("serve_words", encode(255))


def test_sources_are_stacked():
    parts = [{"words": np.array([b"a"], object)}, {"words": np.array([b"b"], object)}]
    assert stack(parts)["words"].tolist() == [[b"a"], [b"b"]]
