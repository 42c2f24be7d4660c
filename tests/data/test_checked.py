import io
import random

import pytest
from PIL import Image

from tfx_ocr.data.alphabets import digits, entities
from tfx_ocr.data.checked import checked
from tfx_ocr.data.record import Record, Rejected


def encoded(form="PNG", size=(16, 16)):
    written = io.BytesIO()
    Image.frombytes("L", size, random.Random(0).randbytes(size[0] * size[1])).save(written, form)
    return written.getvalue()


def record(**features):
    return Record(features=features, source="train/7/1.png")


def test_a_record_that_nothing_is_wrong_with_comes_back_itself():
    good = record(image=encoded(), label=b"7")
    assert checked(good, digits, 256) is good


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ({"image": encoded(), "label": b"x"}, "unknown label: 'x' is none of 0 to 9"),
        ({"image": b"", "label": b"x"}, "unknown label: 'x' is none of 0 to 9"),
        ({"image": b"", "label": b"7"}, "empty file: it holds no bytes"),
        ({"image": encoded(size=(16, 17)), "label": b"7"}, "too large: 16 x 17 pixels, where 256 are allowed"),
    ],
    ids=["label", "both", "picture", "size"],
)
def test_what_is_wrong_is_set_aside_with_its_source_and_reason(features, reason):
    assert checked(record(**features), digits, 256) == Rejected(source="train/7/1.png", reason=reason)


def test_what_a_reader_set_aside_stays_so():
    aside = Rejected(source="train/1.png", reason="not in a label's folder")
    assert checked(aside, digits, 256) is aside


def test_a_page_needs_neither_picture_nor_label():
    page = record(words=[b"TOTAL"], boxes=[0.0, 0.0, 5.0, 2.0], entities=[b""])
    assert checked(page, entities, 256) is page


@pytest.mark.tfx
def test_a_jpeg_that_only_tensorflow_refuses_is_set_aside():
    good = encoded("JPEG")
    strange = good[:-3] + b"\xff\xd0\xd9"  # a restart that nothing announced, in the place of the end
    assert isinstance(checked(record(image=good, label=b"7"), digits, 256), Record)
    assert checked(record(image=strange, label=b"7"), digits, 256) == Rejected(
        source="train/7/1.png", reason="damaged image: its data end early"
    )


def test_a_page_whose_words_and_boxes_do_not_fit_is_set_aside():
    whole = {"words": [b"TOTAL", b"7.42"], "boxes": [0.0, 0.0, 5.0, 2.0] * 2, "entities": [b"", b"total"]}
    good = record(**whole)
    assert checked(good, entities, 256) is good
    bad = checked(record(**{**whole, "boxes": [0.0, 0.0, 5.0, 2.0]}), entities, 256)
    assert bad == Rejected(
        source="train/7/1.png", reason="words and boxes disagree: 2 words, 4 numbers where a box has four"
    )
