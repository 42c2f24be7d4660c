import io
import pickle

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data.alphabets import latin
from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.samples import lines
from tfx_ocr.data.synthetic import fonts
from tfx_ocr.data.synthetic import print as prints
from tfx_ocr.data.synthetic.print_texts import PrintTexts

MALI, ITIM = lines.FONTS / "Mali.ttf", lines.FONTS / "Itim.ttf"


def read(folder):
    return [record for shard in tfrecord.list_shards(folder) for record in tfrecord.read(folder, shard)]


def test_a_row_has_its_words_apart_and_is_cut_to_its_ink(make_font, tmp_path):
    pen = fonts.Pen(make_font(tmp_path / "a.ttf", {"a": "square"}), 100)
    rows = [prints.draw_row(pen, "a a", np.random.default_rng(seed)) for seed in range(20)]
    for row in rows:
        inked = np.flatnonzero(row.max(axis=0) > 0.5)
        assert row.shape[0] == 50  # the square is half an em high
        assert (inked[0], inked[-1]) == (0, row.shape[1] - 1)
        assert (np.diff(inked) > 1).sum() == 1
    # the square is 50 wide in an advance of 100; between words come 20 to 150 more, letters up to 20 apart, thrice
    assert all(50 + 100 + 20 - 9 <= row.shape[1] <= 50 + 100 + 150 + 60 for row in rows)


def test_a_dot_matrix_prints_a_dot_for_each_cell_with_ink():
    ink = np.zeros((30, 60), np.float32)
    ink[:, :30] = 1
    dots = prints.print_dots(ink, 36, np.random.default_rng(1))
    cell = 36 // 6
    assert dots.shape[0] == pytest.approx(30, abs=cell)
    assert 0.3 < dots[:, :24].mean() < 0.95  # round, with paper between
    assert dots[:, 36:].max() == 0


def test_broken_strokes_are_the_same_strokes_with_less_ink():
    ink = np.ones((40, 200), np.float32)
    broken = [prints.break_strokes(ink, np.random.default_rng(seed)) for seed in range(10)]
    assert all(each.shape == ink.shape and (each <= ink).all() and each.min() < 0.7 for each in broken)
    assert all(0.4 < each.mean() < 1 for each in broken)


def test_a_fax_is_black_and_white_and_mostly_what_was_sent():
    grey = np.full((40, 60), 230, np.uint8)
    grey[10:30, 10:50] = 40
    sent = prints.send_by_fax(grey, np.random.default_rng(3))
    assert set(np.unique(sent)) == {0, 255}
    assert ((sent == 0) == (grey == 40)).mean() > 0.9


@pytest.mark.parametrize("name", sorted(prints.STYLES))
def test_a_line_is_as_high_as_its_style_says_and_not_cut_at_its_ends(name):
    style = prints.STYLES[name]
    for seed in range(10):
        pen = fonts.Pen(ITIM, 40)
        ink = prints.draw(pen, "HIN 12.50", np.random.default_rng(seed), style)
        small_x = pen.draw("x")[0].shape[0] / 2
        assert small_x < ink.shape[0] < 8 * small_x
        assert 0.01 < ink.mean() < 0.6
        assert 15 * small_x / 4 < ink.shape[1] < 40 * small_x


def test_a_set_is_drawn_read_and_the_same_again(tmp_path):
    given = {"seed": 5, "say": str}
    assert prints.write(tmp_path / "a", [MALI, ITIM], 24, name="train", **given) == 24
    assert prints.write(tmp_path / "b", [MALI, ITIM], 24, name="train", **given) == 24
    records = read(tmp_path / "a")
    assert records == read(tmp_path / "b")
    assert {record.group for record in records} == {"Mali", "Itim"}
    assert {record.split for record in records} == {"train"}
    assert {record.source.split("/")[1] for record in records} == set(prints.STYLES)
    assert {latin.find_problem(record.get_bytes("label").decode()) for record in records} == {None}
    for record in records:
        with Image.open(io.BytesIO(record.get_bytes("image"))) as picture:
            assert picture.mode == "L"
            assert 6 <= picture.height <= 120
    assert prints.write(tmp_path / "a", [MALI, ITIM], 24, name="train", **given) == 0


def test_a_family_of_many_fonts_is_drawn_with_no_more_often(tmp_path):
    many = [tmp_path / f"Mali-{style}.ttf" for style in ("Regular", "Bold", "Light", "Italic")]
    for path in many:
        path.write_bytes(MALI.read_bytes())
    drawing = prints.build_drawing([ITIM, *many], seed=1, styles=("clean",))
    groups = [record.group for record in drawing(range(100))]
    assert 35 < groups.count("Itim") < 65


def test_a_font_is_given_only_texts_it_has_ink_for():
    inked = fonts.find_drawn(MALI, latin.CHARACTERS) - set("0123456789")
    drawing = prints.Drawing(files=(MALI,), inked=(inked,), texts=PrintTexts(), seed=1, styles=("clean",))
    texts = [record.get_bytes("label").decode() for record in drawing(range(20))]
    assert not any(character.isdigit() for text in texts for character in text)
    assert list(pickle.loads(pickle.dumps(drawing))(range(3))) == list(drawing(range(3)))


def test_what_cannot_be_drawn_is_refused(make_font, tmp_path):
    tiny = make_font(tmp_path / "Tiny.ttf", {"a": "square", " ": "space"})
    with pytest.raises(ValueError, match="nothing to draw with: none of the fonts has ink for a text"):
        prints.write(tmp_path / "out", [tiny], 3, seed=1)
    with pytest.raises(ValueError, match="no style 'gothic'; known: clean, fax, receipt, small"):
        prints.write(tmp_path / "out", [MALI], 3, seed=1, styles=["gothic"])
    with pytest.raises(ValueError, match="count is 0: at least one line is drawn"):
        prints.write(tmp_path / "out", [MALI], 0, seed=1)
    assert not (tmp_path / "out").exists()


def test_the_command_draws_and_refuses(tmp_path, capsys):
    given = ["--fonts", str(lines.FONTS), "--only", "Mali", "--out", str(tmp_path), "--workers", "1"]
    assert prints.main([*given, "--style", "fax", "--count", "3", "--name", "test"]) == 0
    assert "test: 1 of 1 shards, 3 pictures" in capsys.readouterr().out
    assert [record.split for record in read(tmp_path)] == ["test"] * 3
    assert prints.main([*given, "--count", "4", "--name", "test"]) == 2
    assert "holds a set test drawn by other settings" in capsys.readouterr().err
