"""What of an answer goes into the review queue."""

from __future__ import annotations

import io
import math

import cv2
import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.page.page import Alternative, Box, Glyph, Line, Page, Region, Word, join_boxes
from tfx_ocr.serving.prediction import Candidate, Prediction
from tfx_ocr.serving.reader.document import Document
from tfx_ocr.serving.reader.pages import PageImage
from tfx_ocr.serving.review.doubt import offer_document, offer_page, offer_prediction
from tfx_ocr.serving.review.queue import Queue

PIXELS = np.arange(40 * 80).astype(np.uint8).reshape(40, 80)


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path / "queue.sqlite", shared=0, sure_share=0)


@pytest.fixture
def document():
    """Return a page of two words, the first of which is doubtful in its second glyph, after one that was not read."""
    seven = Glyph(text="7", box=Box(10, 10, 20, 30), confidence=0.99)
    four = Glyph(
        text="4", box=Box(30, 10, 40, 30), confidence=0.6, alternatives=(Alternative("9", 0.3), Alternative("7"))
    )
    old = Glyph(text="1", box=Box(60, 10, 70, 30))  # from a PDF's own text: without a confidence
    words = (Word(text="74", glyphs=(seven, four)), Word(text="1", glyphs=(old,)))
    line = Line(text="74 1", words=words, box=Box(10, 10, 70, 30), confidence=0.7)
    images = (PageImage(number=1, error="damaged"), PageImage(number=2, pixels=PIXELS))
    return Document(
        source="scan.tif",
        pages=(Page(size=(80, 40), regions=(Region(lines=(line,)),)),),
        errors={1: "damaged"},
        images=lambda: iter(images),
    )


def read_pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture)))


def test_doubtful_glyphs_are_kept_with_a_margin_and_their_runners_up(queue, document):
    assert offer_document(queue, document, recognizer="digits", parts="glyphs", version="3") == 1
    item = queue.take("ann")
    # 10 x 20 pixels with 15 % of 10 around: from (28.5, 8.5) to (41.5, 31.5), to whole pixels
    np.testing.assert_array_equal(read_pixels(item.picture), PIXELS[8:32, 28:42])
    assert (item.answer, item.confidence, item.runners_up) == ("4", 0.6, (("9", 0.3), ("7", 0.0)))
    assert (item.recipe, item.version, item.document) == ("digits", "3", "scan.tif")
    assert item.place == "page 2, 30 10 40 30"


def test_doubtful_lines_are_kept_whole(queue, document):
    assert offer_document(queue, document, recognizer="lines", parts="lines", version="3", name="case 7") == 1
    item = queue.take("ann")
    assert read_pixels(item.picture).shape == (26, 66)  # 20 x 60 with 3 around
    assert (item.answer, item.document) == ("74 1", "case 7")


def test_a_page_whose_lines_are_doubtful_is_kept_whole_for_the_detector(queue, document):
    offer_document(queue, document, recognizer="digits", parts="glyphs", version="3")  # which finds its digits itself
    assert queue.take("ann", pages=True) is None
    offer_document(queue, document, recognizer="lines", parts="lines", version="3")
    item = queue.take("ann", pages=True)
    assert (item.recipe, item.place, item.confidence) == ("pages", "page 2", 0.7)
    assert item.answer == '[{"text": "74 1", "box": [10, 10, 70, 30]}]'
    assert Image.open(io.BytesIO(item.picture)).size == (80, 40)


@pytest.mark.parametrize(
    ("first", "last", "turns"),
    [((10, 30, 30, 36), (60, 30, 70, 36), 0), ((10, 5, 20, 9), (10, 30, 20, 39), 1),
     ((60, 30, 70, 36), (10, 30, 30, 36), 2), ((10, 30, 20, 39), (10, 5, 20, 9), 3)],
    ids=["along", "down", "upside_down", "up"],
)  # fmt: skip
def test_a_line_of_a_page_that_lay_otherwise_is_kept_along(queue, first, last, turns):
    words = (Word(text="7", box=Box(*first)), Word(text="4", box=Box(*last)))
    box = join_boxes(word.box for word in words)
    page = Page(size=(80, 40), regions=(Region(lines=(Line(text="7 4", words=words, box=box, confidence=0.5),)),))
    assert (
        offer_page(
            queue,
            page,
            PageImage(number=1, pixels=PIXELS),
            recognizer="lines",
            parts="lines",
            version="3",
            document="a.png",
        )
        == 1
    )
    margin = 0.15 * min(box.right - box.left, box.bottom - box.top)
    left, top = math.floor(box.left - margin), math.floor(box.top - margin)
    upright = np.rot90(PIXELS[top : math.ceil(box.bottom + margin), left : math.ceil(box.right + margin)], turns)
    np.testing.assert_array_equal(read_pixels(queue.take("ann").picture), upright)


def test_a_line_of_a_page_that_was_turned_is_kept_upright(queue):
    pixels = np.full((60, 80), 255, np.uint8)
    cv2.fillPoly(pixels, [np.array([(10, 30), (58, 16), (62, 26), (14, 40)])], 0)  # 50 x 10.8, rising
    polygon = ((10.0, 30.0), (58.0, 16.0), (62.0, 26.0), (14.0, 40.0))
    line = Line(text="7", box=Box(10, 16, 62, 40), polygon=polygon, confidence=0.5)
    page = Page(size=(80, 60), regions=(Region(lines=(line,)),))
    offer_page(
        queue,
        page,
        PageImage(number=1, pixels=pixels),
        recognizer="lines",
        parts="lines",
        version="3",
        document="a.png",
    )
    picture = read_pixels(queue.take("ann").picture)
    assert picture.shape == (14, 53)  # with 15 % of 10.8 around
    assert (picture[3:-3, 3:-3] < 60).all()  # a box around it on the page would be white in two corners


def test_a_doubtful_prediction_is_kept_as_its_picture_was_asked_about(queue):
    out = io.BytesIO()
    Image.new("L", (4, 3), 7).save(out, "TIFF")
    found = Prediction(text="4", confidence=0.4, alternatives=(Candidate("9", 0.3),), source=out.getvalue())
    assert offer_prediction(queue, found, recipe="digits", version="3", document="a.tif") == "confidence below 0.9"
    item = queue.take("ann")
    assert item.picture.startswith(b"\x89PNG")
    np.testing.assert_array_equal(read_pixels(item.picture), np.full((3, 4), 7))
    assert item.runners_up == (("9", 0.3),)


@pytest.mark.parametrize(
    "found",
    [Prediction(error="no such file"), Prediction(text="total: 7", fields=(Field("total", "7", 0.1, (0, 0, 1, 1)),))],
    ids=["error", "page"],
)
def test_errors_and_pages_of_fields_are_left_out(queue, found):
    assert offer_prediction(queue, found, recipe="invoices", version="3", document="a.xml") == ""
    assert queue.count_items()["items"] == 0
