from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.components.report.pictures import make_thumbnail


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def decoded(uri: str) -> Image.Image:
    head, text = uri.split(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(text))).convert("L")


def test_small_picture_keeps_its_pixels():
    pixels = np.array([[0, 255, 0], [255, 0, 255]], np.uint8)
    picture = make_thumbnail(encoded(Image.fromarray(pixels)))
    assert (picture.width, picture.height) == (3, 2)
    np.testing.assert_array_equal(np.asarray(decoded(picture.uri)), pixels)


def test_large_picture_is_made_smaller_in_its_proportions():
    picture = make_thumbnail(encoded(Image.new("RGB", (1920, 480)), "JPEG"))
    assert (picture.width, picture.height) == (192, 48)
    assert decoded(picture.uri).size == (192, 48)


def test_picture_may_be_asked_for_larger():
    picture = make_thumbnail(encoded(Image.new("RGB", (1920, 480))), 960)
    assert (picture.width, picture.height) == (960, 240)


def test_transparent_ground_is_white():
    picture = make_thumbnail(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0))))
    assert np.asarray(decoded(picture.uri)).min() == 255


@pytest.mark.parametrize(
    "encoded_bytes",
    [b"", b"<svg onload='alert(1)'/>", encoded(Image.new("L", (9, 9)))[:40]],
    ids=["empty", "svg", "cut"],
)
def test_what_is_no_picture_gives_none(encoded_bytes):
    assert make_thumbnail(encoded_bytes) is None
