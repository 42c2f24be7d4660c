from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

from tfx_ocr.data import features
from tfx_ocr.data.samples import hangul as sample
from tfx_ocr.data.synthetic import fonts, glyph_ink, hangul, recombined, strokes

STILL = strokes.Writer(pen=0.1)


def draw(*boxes, size=60):
    """Draw boxes of ink: left, top, right, bottom."""
    ink = np.zeros((size, size), np.float32)
    for left, top, right, bottom in boxes:
        ink[top:bottom, left:right] = 1
    return ink


PLUS = draw((5, 26, 55, 33), (26, 5, 33, 55))


def test_thinned_ink_is_a_line_as_connected_as_it_was():
    thinned = strokes.thin(PLUS > 0)
    assert thinned[29, 10:50].all()
    assert thinned[10:50, 29].all()
    assert thinned.sum() < 110  # two lines of 50 pixels at most, and what lies about their crossing
    assert cv2.connectedComponents(thinned.astype(np.uint8), connectivity=8)[0] == 2


def test_a_diagonal_keeps_its_length():
    """An older method eats the ends of diagonals of even width: the legs of ㅅ were lost."""
    ink = np.zeros((60, 60), np.uint8)
    cv2.line(ink, (8, 8), (52, 52), (1,), 8)
    rows = np.flatnonzero(strokes.thin(ink > 0).any(1))
    assert rows[0] <= 13
    assert rows[-1] >= 47


def test_a_pen_goes_straight_through_a_crossing():
    found = strokes.find_strokes(PLUS > 0, 7)
    assert len(found) == 2
    spans = sorted(np.ptp(path, axis=0).round(-1).tolist() for path in found)
    assert spans == [[0, 50], [50, 0]]


def test_a_corner_of_a_glyph_is_no_stroke_of_its_own_and_a_side_stroke_is():
    assert len(strokes.find_strokes(draw((5, 5, 55, 15)) > 0, 10)) == 1
    assert len(strokes.find_strokes(draw((25, 5, 32, 55), (25, 26, 50, 33)) > 0, 7)) == 2


def test_a_ring_ends_where_it_begins():
    ring = draw((5, 5, 55, 55)) - draw((12, 12, 48, 48))
    (path,) = strokes.find_strokes(ring > 0, 7)
    np.testing.assert_array_equal(path[0], path[-1])
    assert np.ptp(path, axis=0).min() > 40


def test_a_still_writer_draws_the_same_strokes_with_his_pen():
    written = strokes.rewrite(PLUS, STILL, np.random.default_rng(0), room=0)
    assert written.shape == PLUS.shape
    assert (written[PLUS > 0] > 0.5).mean() > 0.95
    assert (written > 0.5).sum() < 1.3 * PLUS.sum()
    assert (written[15] > 0.5).sum() == pytest.approx(6, abs=2)  # a tenth of 60, less or more than its edge


def test_a_writer_writes_alike_and_two_do_not():
    one, same, other = (strokes.draw_writer(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == same != other
    again = [strokes.rewrite(PLUS, one, np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    assert (again[0] != strokes.rewrite(PLUS, other, np.random.default_rng(5))).any()


def test_what_is_blank_or_too_heavy_is_told():
    with pytest.raises(ValueError, match="holds no ink"):
        strokes.rewrite(np.zeros((20, 20), np.float32), STILL, np.random.default_rng(0))
    assert strokes.is_traceable(PLUS)
    assert not strokes.is_traceable(draw((5, 15, 55, 45)))


@pytest.mark.parametrize(
    ("syllable", "layout"), [("가", "beside"), ("각", "beside+"), ("곡", "below+"), ("과", "around"), ("의", "around")]
)
def test_layout_is_that_of_the_medial_and_a_final(syllable, layout):
    assert recombined.get_layout(syllable) == layout


def test_the_final_of_one_syllable_stands_below_the_upper_part_of_another():
    first = draw((10, 5, 50, 25), (10, 40, 50, 55))
    second = draw((5, 0, 55, 20), (20, 38, 30, 58))
    found = recombined.combine(first, second)
    assert (found[:30] == first[:30]).all()
    rows, columns = np.nonzero(found[30:])
    # the final is as large as it was, with its middle where the other's was: 47 down, 29 across
    assert (rows.min() + 30, rows.max() + 31, columns.min(), columns.max() + 1) == (38, 58, 25, 35)


def test_syllables_that_cannot_be_parted_are_left():
    whole = draw((10, 5, 50, 55))
    ruled = draw((10, 5, 50, 25), (0, 45, 60, 48))  # a rule of the paper is not a final
    assert recombined.combine(whole, whole) is None
    assert recombined.combine(ruled, ruled) is None


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write a table of three syllables by one writer, in the strokes of a font."""
    folder = tmp_path_factory.mktemp("written")
    pen, rows = fonts.Pen(sample.FONTS / "Gaegu.ttf", glyph_ink.EM), []
    for text in "읽만산":
        ink, _, _ = pen.draw(text)
        cv2.imwrite(str(folder / f"{ord(text)}.png"), 255 - np.pad(ink, 8))
        rows.append({"image": f"{ord(text)}.png", "label": text, "writer": "w01"})
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder


def test_drawn_syllables_are_of_one_hand_and_what_a_writer_never_wrote_is_made_of_his_jamo(written):
    drawing = hangul.Drawing(
        files=(sample.FONTS / "Gaegu.ttf",), syllables=("인한",), each=3, seed=3, style="strokes",
        sizes=(("image_size", 64), ("size", 50)), most=6, writing=written,
    )  # fmt: skip
    assert drawing.total == 6
    made = {recombined.recombine(a.text, b.text) for a, b in drawing.recombinations}
    assert made == {"인"}  # 만 and 산 were written, 맑 and 삵 are not wanted
    records = list(drawing(range(6)))
    assert [record.group for record in records] == ["Gaegu", "w01"] * 3
    assert {record.get_bytes(features.LABEL).decode() for record in records[1::2]} <= made
    assert [record.features for record in drawing(range(2, 4))] == [record.features for record in records[2:4]]
    for record in records:
        picture = cv2.imdecode(np.frombuffer(record.get_bytes(features.IMAGE), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert np.ptp(picture) > 40


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"styles": ("strokes", "printed")}, "2 styles: syllables are drawn in one of handwritten, printed, strokes"),
        ({"characters": "abc"}, "no Hangul syllable in the texts or characters"),
    ],
)
def test_bad_sets_are_refused(options, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        hangul.write_count(tmp_path, [sample.FONTS / "Gaegu.ttf"], 5, seed=1, **options)
