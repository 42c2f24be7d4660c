import io

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data import features
from tfx_ocr.data.page.page import Box
from tfx_ocr.serving.reader.lines import cut_line, detect_lines, find_lines, read_lines
from tfx_ocr.serving.reader.sheet import Sheet


class Recorder:
    """A model that keeps the pictures it is asked about, and reads `a` in each."""

    def __init__(self):
        self.pictures = []

    def ask(self, signature, inputs, outputs=None):
        found = inputs[features.IMAGE_BYTES_IN]
        self.pictures += [np.asarray(Image.open(io.BytesIO(content))) for content in found]
        return {
            features.LABEL_OUT: np.array([b"a"] * len(found), object),
            features.PROBABILITY_OUT: np.full(len(found), 0.9, np.float32),
        }


def test_a_full_stop_at_the_side_of_a_line_is_in_its_picture():
    ink = np.zeros((60, 120), np.uint8)
    ink[20:40, 30:90] = 255
    ink[37:40, 92:95] = 255  # nine pixels: a speck to whoever looks for glyphs
    sheet = Sheet(ink, (ink > 0).astype(np.uint8), np.eye(2, 3), 0.0, (120, 60))
    model = Recorder()
    [line] = read_lines(sheet, model)
    assert tuple(line.box) == (30, 20, 90, 40)
    [picture] = model.pictures
    assert picture.shape == (20 + 2 * 5, 60 + 2 * 5)  # a quarter of the height around
    assert (picture[5:25, 5:65] == 0).all()
    assert (picture[22:25, 67:70] == 0).all()
    assert (picture == 0).sum() == 20 * 60 + 9


def test_a_line_at_the_edge_of_the_page_has_paper_around_all_the_same():
    ink = np.zeros((20, 60), np.uint8)
    ink[:, :] = 255
    model = Recorder()
    read_lines(Sheet(ink, (ink > 0).astype(np.uint8), np.eye(2, 3), 0.0, (60, 20)), model)
    [picture] = model.pictures
    assert picture.shape == (30, 70)
    assert picture[:5].min() == picture[:, :5].min() == picture[-5:].min() == picture[:, -5:].min() == 255


def draw_letters(mask, left, top, count, height=20, step=14):
    for place in range(count):
        mask[top : top + height, left + place * step : left + place * step + 8] = 1


def test_a_long_line_is_cut_in_spaces_where_nearly_equal_parts_would_meet():
    mask = np.zeros((60, 800), np.uint8)
    draw_letters(mask, 10, 20, 18)  # to 256
    draw_letters(mask, 276, 20, 18)
    # 512 wide, where 14 heights are 280: two parts
    assert cut_line(mask, Box(10, 20, 522, 40)) == [Box(10, 20, 266, 40), Box(266, 20, 522, 40)]


def test_a_line_is_not_cut_between_letters():
    mask = np.zeros((60, 800), np.uint8)
    draw_letters(mask, 10, 20, 8)  # to 116
    draw_letters(mask, 136, 20, 40)  # a word to 690, and the space not near the middle
    line = Box(10, 20, 690, 40)
    assert cut_line(mask, line) == [Box(10, 20, 126, 40), Box(126, 20, 690, 40)]


def test_a_line_without_spaces_is_read_as_a_whole():
    mask = np.zeros((60, 800), np.uint8)
    mask[20:40, 10:790] = 1
    line = Box(10, 20, 790, 40)
    assert cut_line(mask, line) == [line]


def test_parts_of_a_long_line_are_one_line_again_and_no_part_sees_the_next():
    mask = np.zeros((60, 700), np.uint8)
    draw_letters(mask, 10, 20, 18)  # to 256
    draw_letters(mask, 270, 20, 18)  # to 516
    [line] = read_lines(Sheet(mask * 255, mask, np.eye(2, 3), 0.0, (700, 60)), model := Recorder())
    assert (line.text, line.box, line.confidence) == ("a a", Box(10, 20, 516, 40), 0.9)
    assert [word.box for word in line.words] == [Box(10, 20, 263, 40), Box(263, 20, 516, 40)]
    assert [int((picture == 0).sum()) for picture in model.pictures] == [18 * 8 * 20] * 2


def test_dots_of_a_heading_as_high_as_the_letters_below_are_no_line():
    mask = np.zeros((300, 600), np.uint8)
    mask[40:100, 50:65] = mask[40:100, 90:105] = 1  # two letters, the first of them an i
    mask[60:100, 50:65] = 1
    mask[40:58, 50:65] = 0
    mask[40:54, 50:65] = 1  # its dot
    draw_letters(mask, 50, 200, 30, height=18)
    assert sorted(find_lines(mask)) == [Box(50, 40, 105, 100), Box(50, 200, 464, 218)]


def test_a_colon_links_what_stands_around_it():
    mask = np.zeros((100, 600), np.uint8)
    draw_letters(mask, 20, 40, 6)  # to 98
    draw_letters(mask, 150, 40, 6)
    assert len(find_lines(mask)) == 2
    mask[44:49, 120:125] = mask[54:59, 120:125] = 1
    assert find_lines(mask) == [Box(20, 40, 228, 60)]


@pytest.mark.parametrize(
    "stray",
    [
        (slice(100, 150), slice(590, 596)),  # the edge of a sheet
        (slice(100, 120), slice(300, 301)),  # a hair
        (slice(100, 112), slice(300, 310)),  # a speck
        (slice(100, 120), slice(0, 12)),  # a part of a letter
        (slice(100, 120), slice(590, 600)),
        (slice(0, 14), slice(100, 400)),  # a dark border, or the feet of a line
        (slice(386, 400), slice(100, 400)),
    ],
)
def test_what_is_no_writing_is_no_line(stray):
    mask = np.zeros((400, 600), np.uint8)
    draw_letters(mask, 100, 40, 20)
    mask[stray] = 1
    assert find_lines(mask) == [Box(100, 40, 374, 60)]


def test_a_letter_alone_and_a_line_that_fills_its_picture_are_lines():
    mask = np.zeros((400, 600), np.uint8)
    draw_letters(mask, 100, 40, 20)
    mask[100:120, 300:303] = 1  # such as a 1
    assert sorted(find_lines(mask)) == [Box(100, 40, 374, 60), Box(300, 100, 303, 120)]
    assert find_lines(mask[40:60, 100:374]) == [Box(0, 0, 274, 20)]


def test_a_point_before_digits_is_theirs_as_wide_as_letters_stand():
    mask = np.zeros((400, 600), np.uint8)
    draw_letters(mask, 100, 40, 20)
    draw_letters(mask, 420, 100, 2)
    mask[115:120, 401:406] = 1  # 14 pixels before them
    assert sorted(find_lines(mask)) == [Box(100, 40, 374, 60), Box(401, 100, 442, 120)]


class Detector:
    """A model that answers maps of lines and words for a page of 160 pixels, 4 to a pixel of a map."""

    def __init__(self, **blocks):
        self.maps = np.zeros((1, 2, 40, 40), np.float32)
        for number, kind in enumerate(("line", "word")):
            for block in blocks.get(kind, ()):
                self.maps[0, number][block] = 1
        self.pictures = []

    def ask(self, signature, inputs, outputs=None):
        assert signature == features.SERVE_PAGES  # what a model of pages is exported with
        [content] = inputs[features.IMAGE_BYTES_IN]
        self.pictures.append(np.asarray(Image.open(io.BytesIO(content))))
        return {features.KINDS_OUT: np.array([[b"line", b"word"]], object), features.MAPS_OUT: self.maps}


def build_sheet():
    ink = np.zeros((80, 160), np.uint8)
    ink[18:30, 20:140] = ink[58:70, 20:140] = 255
    return Sheet(ink, (ink > 0).astype(np.uint8), np.eye(2, 3), 0.0, (160, 80))


# A middle of 30 x 2 pixels of a map is widened by d = 0.841 on each side, of 4 d (8 + d) = 0.255 (30 + 2 d) (2 + 2 d):
# on the page from 4 (5 - 0.841) = 16.6 to 4 (35 + 0.841) = 143.4 across, and from 16.6 to 31.4 down
MIDDLE = np.s_[5:7, 5:35]
FOUND = Box(16, 16, 144, 32)


def test_a_detector_finds_lines_in_whole_pixels_and_words_are_not_lines():
    sheet, detector = build_sheet(), Detector(line=[MIDDLE], word=[np.s_[15:17, 5:35]])
    assert detect_lines(sheet, detector) == [FOUND]
    [picture] = detector.pictures
    assert (picture == 255 - sheet.ink).all()


def test_a_line_of_a_detector_without_ink_is_left_out():
    assert detect_lines(build_sheet(), Detector(line=[MIDDLE, np.s_[10:12, 5:35]])) == [FOUND]


def test_lines_of_a_detector_are_read():
    [line] = read_lines(build_sheet(), model := Recorder(), detector=Detector(line=[MIDDLE]))
    assert (line.text, line.box) == ("a", FOUND)
    [picture] = model.pictures
    assert picture.shape == (16 + 2 * 4, 128 + 2 * 4)


def test_nothing_is_read_where_a_detector_finds_nothing():
    assert read_lines(build_sheet(), Recorder(), detector=Detector()) == []
