"""Lines of a page under review: as JSON, checked, and as PAGE XML."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tfx_ocr.data.page import page_xml
from tfx_ocr.data.page.page import Box, Line
from tfx_ocr.serving.review.pages import build_page, encode_page, format_lines, parse_lines

TURNED = ((10.0, 30.0), (58.0, 16.0), (62.0, 26.0), (14.0, 40.0))
LINES = [
    Line(text="Hà Nội", box=Box(1, 2, 31, 12)),
    Line(text="7", box=Box(10, 16, 62, 40), polygon=TURNED),
]


@pytest.fixture
def picture() -> bytes:
    return encode_page(Image.new("RGB", (100, 50), "white"))


def test_lines_are_written_and_read_back(picture):
    written = format_lines([*LINES, Line(text="without a place")])
    assert json.loads(written)[0] == {"text": "Hà Nội", "box": [1, 2, 31, 12]}
    assert parse_lines(written, picture) == LINES
    assert parse_lines("[]", picture) == []


def test_a_page_is_page_xml_in_the_reviewers_order(picture):
    page = page_xml.read(page_xml.write(build_page(LINES[::-1], picture, "17.jpg")))
    assert (page.image, page.size) == ("17.jpg", (100, 50))
    (region,) = page.regions
    assert [(line.text, line.box, line.polygon) for line in region.lines] == [
        ("7", Box(10, 16, 62, 40), TURNED),
        ("Hà Nội", Box(1, 2, 31, 12), ()),
    ]
    assert build_page([], picture, "17.jpg").regions == ()


@pytest.mark.parametrize("mode", ["1", "LA", "RGBA"])
def test_a_page_of_any_mode_becomes_a_jpeg(mode):
    assert Image.open(io.BytesIO(encode_page(Image.new(mode, (4, 3))))).format == "JPEG"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "lines of a page: a JSON list of objects is needed"),
        ("[7]", "lines of a page: a JSON list of objects is needed"),
        ('[{"text": 7, "box": [1, 2, 3, 4]}]', "line 1: text of at most 1000 characters is needed"),
        ('[{"text": "7"}]', "line 1: box of left, top, right and bottom on the page, 100 x 50 pixels, is needed"),
        ('[{"text": "7", "box": [1, 2, 3]}]', "line 1: box of left, top"),
        ('[{"text": "7", "box": [1, 2, "3", null]}]', "line 1: box of left, top"),
        ('[{"text": "7", "box": [1, 2, NaN, 9]}]', "line 1: box of left, top"),
        ('[{"text": "7", "box": [1, 2, 101, 9]}]', "line 1: box of left, top"),
        ('[{"text": "7", "box": [9, 2, 1, 9]}]', "line 1: its box has sides of less than 2 pixels"),
        (
            '[{"text": "7", "box": [1, 2, 9, 9], "polygon": [[1, 2], [200, 2]]}]',
            "line 1: polygon of points on the page",
        ),
        (json.dumps([{"text": "", "box": [0, 0, 9, 9]}] * 1001), "a page of 1001 lines, where 1000 are allowed"),
    ],
)
def test_what_is_no_line_of_the_page_is_refused(picture, text, said):
    with pytest.raises(ValueError, match=said):
        parse_lines(text, picture)
