"""What is said of pictures of two lines, of lines upside down and far too wide; white and tiny ones are empty."""

from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.data import images
from tfx_ocr.data.example import parse_example
from tfx_ocr.data.record_file import read_records
from tfx_ocr.serving import line_checks, load_model


def draw(*rows, size=(40, 100)):
    grey = np.full(size, 255, np.uint8)
    for begin, end, left, right in rows:
        grey[begin:end, left:right:2] = 0
    return grey


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([(10, 30, 10, 90)], 1),
        ([(4, 16, 10, 90), (22, 36, 10, 80)], 2),
        ([(4, 16, 10, 90), (16, 36, 10, 80)], 1),  # they touch
        ([(10, 30, 10, 90), (36, 39, 10, 90)], 1),  # a rule below
        ([(2, 12, 40, 50), (14, 38, 5, 95)], 1),  # a mark above
        ([], 0),
    ],
)
def test_lines_are_counted_by_what_parts_them(rows, count):
    assert line_checks.count_lines(draw(*rows)) == count


def find_doubt(grey, confidence, turned=0.0):
    return line_checks.find_doubt(images.encode_png(grey.tobytes(), *grey.shape), confidence, lambda _: turned)


def test_what_speaks_against_a_line_is_said():
    two = draw((4, 16, 10, 90), (22, 36, 10, 80))
    assert find_doubt(two, 0.5) == "it looks like 2 lines: cut them apart, or read it as a page (tfx-ocr read)"
    assert find_doubt(two, 0.9) == ""
    one = draw((10, 30, 10, 90))
    assert find_doubt(one, 0.5, turned=0.95) == "it is read with more confidence upside down: turn it round"
    assert find_doubt(one, 0.5, turned=0.55) == ""
    wide = draw((2, 8, 10, 900), size=(10, 1000))
    assert find_doubt(wide, 0.3) == "it is 100 times as wide as high, and read as 40 times: cut it into lines"
    assert find_doubt(draw(), 0.0, turned=0.9) == ""  # nothing was read


@pytest.fixture(scope="module")
def lines():
    with load_model("lines") as model:
        yield model


def test_the_shipped_model_doubts_a_line_that_lies_upside_down(lines):
    record = parse_example(next(read_records(Path(__file__).parent / "golden/lines.tfrecord.gz")))
    grey = np.asarray(images.open_picture(record["image"][0]).convert("L"))
    upright, turned = lines.predict([grey, np.ascontiguousarray(grey[::-1, ::-1])])
    assert upright.doubt == ""
    assert turned.doubt == "it is read with more confidence upside down: turn it round"


@pytest.mark.parametrize("size", [(1, 1), (8, 200), (40, 400), (40, 10_000)])
def test_white_pictures_of_any_size_are_empty_lines(lines, size):
    (found,) = lines.predict(np.full(size, 255, np.uint8))
    assert (found.text, found.confidence, found.doubt, found.error) == ("", 0.0, "", "")


def test_a_line_is_read_the_same_alone_and_beside_lines_of_any_width(lines):
    record = parse_example(next(read_records(Path(__file__).parent / "golden/lines.tfrecord.gz")))
    grey = np.asarray(images.open_picture(record["image"][0]).convert("L"))
    height, width = grey.shape
    padded = np.full((height, 39 * height), np.median(grey), np.uint8)
    padded[:, :width] = grey
    repeated = np.tile(grey, (1, 4000 // width + 1))[:, :4000]  # long text
    pictures = [grey, grey[:, : width // 4], padded, repeated]
    alone = [lines.predict(picture)[0] for picture in pictures]
    assert [each.text for each in lines.predict(pictures)] == [each.text for each in alone]
    assert alone[2].text == alone[0].text  # paper at the right is cut away
    assert len(alone[3].text) > len(alone[0].text)
