"""Files, bytes and arrays as requests, by signature."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.serving.requests import REQUESTS, SIGNATURES, read_source, stack


def encode(grey, form="PNG", size=(4, 4)):
    written = io.BytesIO()
    Image.new("L", size, grey).save(written, form)
    return written.getvalue()


def build(signature, source, *sizes):
    return REQUESTS[signature].build(read_source(source), *sizes)


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


def test_a_picture_of_another_size_is_refused():
    assert build("serve_images", encode(1), (16, 4, 4))["image_bytes"].shape == ()
    with pytest.raises(ValueError, match="too large: 4 x 4 pixels, where 15 are allowed"):
        build("serve_images", encode(1), (15, 1, 0))
    with pytest.raises(ValueError, match="too small: 4 x 4 pixels"):
        build("serve_images", encode(1), (100, 5, 0))


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
    with pytest.raises(ValueError, match="a picture: this model takes words; give the page's PAGE XML, ALTO or hOCR"):
        build("serve_words", encode(255))


def test_sources_are_stacked():
    parts = [{"words": np.array([b"a"], object)}, {"words": np.array([b"b"], object)}]
    assert stack(parts)["words"].tolist() == [[b"a"], [b"b"]]


def test_every_input_of_a_recipe_has_its_signature():
    from tfx_ocr.components.inputs import INPUTS
    from tfx_ocr.components.recipe import Image, LineImage, Words

    specs = (Image(height=1, width=1), LineImage(height=1, width=1), Words())
    assert {spec.kind: spec.SIGNATURE for spec in specs} == SIGNATURES
    assert list(SIGNATURES) == list(INPUTS)
