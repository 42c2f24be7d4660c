"""Which ink is digits, with a model whose answers are set by the size of the ink."""

import math

import numpy as np
import pytest

from tfx_ocr.data.page.page import Alternative
from tfx_ocr.serving.reader.digits import Reading, _find_best_path, list_words, read_digits
from tfx_ocr.serving.reader.glyphs import Blob
from tfx_ocr.serving.reader.sheet import Sheet


class Model:
    """Answers as it is told: widths of ink in pixels to label and probability, else a doubtful 0."""

    def __init__(self, answers):
        self.answers = answers

    def ask(self, signature, inputs, timeout_s=None, outputs=None):
        import cv2

        labels, probabilities = [], []
        for content in inputs["image_bytes"]:
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
            label, probability = self.answers.get(int((picture > 0).any(0).sum()), ("0", 0.4))
            labels.append([label.encode(), b"8"])
            probabilities.append([probability, 1 - probability])
        return {"labels": np.array(labels, object), "probabilities": np.array(probabilities, np.float32)}


def draw(*boxes):
    """Return a sheet with filled boxes: left, top, width, height."""
    mask = np.zeros((400, 900), np.uint8)
    for left, top, width, height in boxes:
        mask[top : top + height, left : left + width] = 1
    return Sheet(mask * 200, mask, np.eye(2, 3), 0.0, (900, 400))


def read(sheet, answers, **options):
    return sorted(line.text for line in read_digits(sheet, Model(answers), **options))


def test_neighbours_are_a_word_and_far_ink_is_another():
    sheet = draw((100, 100, 30, 60), (150, 100, 31, 60), (400, 100, 32, 60))
    assert read(sheet, {30: ("1", 0.999), 31: ("2", 0.999), 32: ("3", 0.999)}) == ["12", "3"]


def test_a_line_that_reads_badly_is_print():
    sheet = draw(*((100 + 50 * place, 100, 30, 40) for place in range(8)), (100, 300, 31, 60), (150, 300, 31, 60))
    assert read(sheet, {30: ("4", 0.6), 31: ("2", 0.99995)}) == ["22"]


def test_the_other_readings_and_the_confidence_are_kept():
    ((line,),) = (read_digits(draw((100, 100, 30, 60)), Model({30: ("1", 0.998)})),)
    (glyph,) = line.words[0].glyphs
    assert (glyph.text, glyph.confidence, line.confidence) == ("1", 0.998, 0.998)
    assert glyph.alternatives == (Alternative("8", 0.002),)
    assert glyph.box == (100, 100, 130, 160)


@pytest.mark.parametrize(("options", "texts"), [({"whitelist": "1"}, ["1"]), ({"min_confidence": 0.9985}, ["2"])])
def test_what_is_not_allowed_or_not_certain_is_left_out(options, texts):
    sheet = draw((100, 100, 30, 60), (400, 100, 31, 60))
    assert read(sheet, {30: ("1", 0.998), 31: ("2", 0.999)}, **options) == texts


def test_a_loose_stroke_is_joined_to_its_digit():
    sheet = draw((100, 100, 30, 60), (125, 83, 24, 14))  # the joined ink is 49 wide
    ((line,),) = (read_digits(sheet, Model({30: ("5", 0.99995), 49: ("5", 0.99995)})),)
    assert line.words[0].glyphs[0].box == (100, 83, 149, 160)


@pytest.mark.parametrize(("probability", "texts"), [(0.9999, ["5"]), (0.998, ["77"])])
def test_a_wide_digit_is_cut_unless_it_reads_beyond_doubt(probability, texts):
    mask = np.zeros((400, 900), np.uint8)
    mask[100:160, 100:140] = mask[100:160, 146:184] = mask[128:132, 140:146] = 1  # 84 wide, 60 high
    sheet = Sheet(mask * 200, mask, np.eye(2, 3), 0.0, (900, 400))
    parts = dict.fromkeys(range(30, 50), ("7", 0.9999))
    assert read(sheet, {84: ("5", probability)} | parts) == texts


def test_a_wide_digit_alone_speaks_for_itself_among_print():
    letters = ((100 + 50 * place, 300, 30, 50) for place in range(6))
    sheet = draw(*letters, (400, 100, 70, 50), (700, 100, 31, 60))
    assert read(sheet, {30: ("4", 0.6), 70: ("5", 0.99995), 31: ("2", 0.99995)}) == ["2", "5"]


def test_the_likeliest_parts_from_the_first_cut_to_the_last_are_chosen():
    blob = Blob(0, 0, np.ones((2, 2), bool))
    one, two, three = (Reading(blob, (label,), (p,)) for label, p in (("1", 0.9), ("2", 0.8), ("3", 0.5)))
    score, best = _find_best_path({(0, 1): one, (1, 2): two, (0, 2): three}, 2)
    assert [part.labels[0] for part in best] == ["1", "2"]
    assert score == pytest.approx(math.log(0.9 * 0.9) + math.log(0.9 * 0.8))
    assert _find_best_path({(0, 1): one}, 2) == (-math.inf, [])


def test_nothing_is_read_of_nothing():
    assert read(draw(), {}) == []


def list_places(*lefts, width=20, height=40):
    """Return where words begin of digits at `lefts`."""
    blobs = [Blob(left, 100, np.ones((height, width), bool)) for left in lefts]
    return [[blob.left for blob in word] for word in list_words(blobs)]


def test_digits_in_cells_are_one_number_and_a_wider_gap_parts_two():
    assert list_places(0, 70, 140, 210, 310, 380) == [[0, 70, 140, 210], [310, 380]]


def test_digits_set_closely_are_parted_at_a_space_that_is_wider_than_usual():
    assert list_places(0, 25, 50, 75, 120, 145, 170) == [[0, 25, 50, 75], [120, 145, 170]]


def test_digits_at_no_regular_distance_stand_alone_unless_they_are_close():
    assert list_places(0, 55, 175, 245) == [[0], [55], [175], [245]]
    assert list_places(0, 40) == [[0, 40]]
    assert list_places(0, 60) == [[0], [60]]
