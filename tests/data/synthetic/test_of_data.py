import shutil

import numpy as np
import pytest

from tfx_ocr.data.samples import lines
from tfx_ocr.data.synthetic.of_data import build_drawing


def test_lines_are_drawn_in_the_fonts_of_the_data(tmp_path):
    shutil.copy(lines.FONTS / "Mali.ttf", tmp_path / "mine.TTF")
    drawing = build_drawing(tmp_path, ["Giá 12", "Huế"])
    records = list(drawing(range(20)))
    assert {record.group for record in records} == {"mine"}
    assert {"Giá 12", "Huế"} <= {record.get_bytes("label").decode() for record in records}
    assert list(build_drawing(tmp_path, ["Huế", "Giá 12"])(range(20))) == records  # whatever the order of the texts
    assert list(drawing(range(10, 20))) == records[10:]


def test_without_fonts_those_that_ship_are_taken_but_not_those_that_are_judged_in(tmp_path):
    drawing = build_drawing(tmp_path, ["12"])
    assert {path.stem for path in drawing.files} == set(lines.SPLITS["train"][0])
    rng = np.random.default_rng(0)
    assert all(len(drawing.texts.draw_short(rng)) == 2 for _ in range(9))


def test_texts_that_no_font_has_ink_for_are_refused(tmp_path):
    with pytest.raises(ValueError, match="nothing to draw with: none of the fonts has ink for a text"):
        build_drawing(tmp_path, ["\u0661\u0662"])
