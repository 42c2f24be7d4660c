import io

import numpy as np
from PIL import Image

from tfx_ocr.data import features
from tfx_ocr.serving.reader.lines import read_lines
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
