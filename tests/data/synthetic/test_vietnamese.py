import io
import pickle

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data.alphabets import vietnamese as letters
from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.record import Record
from tfx_ocr.data.samples import lines
from tfx_ocr.data.synthetic import fonts, vietnamese

pytestmark = pytest.mark.tfx  # TensorFlow writes the TFRecords
MALI, CHARM = lines.FONTS / "Mali.ttf", lines.FONTS / "Charm.ttf"


def read(folder):
    return [record for shard in tfrecord.list_shards(folder) for record in tfrecord.read(folder, shard)]


@pytest.mark.parametrize("path", [MALI, CHARM], ids=["plain", "script"])
def test_a_font_is_taken_at_the_size_of_its_small_x(path):
    assert vietnamese.create_pen(path).draw("x")[0].shape[0] == pytest.approx(vietnamese.X_HEIGHT, abs=1)


def test_words_stand_in_a_row_with_gaps_between(make_font, tmp_path):
    pen = fonts.Pen(make_font(tmp_path / "a.ttf", {"a": "square", "b": "bar"}), 100)
    row = vietnamese.draw_words(pen, "a b", np.random.default_rng(0), gap=40)
    inked = np.flatnonzero(row.max(axis=0) > 0.5)
    assert inked[0] == pytest.approx(vietnamese.ROOM, abs=1)
    assert row.shape[1] - 1 - inked[-1] == pytest.approx(vietnamese.ROOM, abs=1)
    gaps = np.diff(inked)
    assert (gaps > 1).sum() == 1
    assert 10 + 24 - 2 <= gaps.max() <= 11 + 56 + 2  # the bar's own left edge, and 0.6 to 1.4 of the gap


@pytest.mark.parametrize("name", sorted(vietnamese.STYLES))
@pytest.mark.parametrize("text", ["Hà Nội", "Số 246E/2, Khu phố 1B, Phường An Phú, Tx Thuận An, Bình Dương"])
def test_lines_fit_their_pictures(name, text):
    style, pen = vietnamese.STYLES[name], vietnamese.create_pen(CHARM)
    for seed in range(5):
        ink = vietnamese.draw(pen, text, np.random.default_rng(seed), style)
        assert style.height[0] <= ink.shape[0] <= style.height[1]
        if style.width:
            assert style.width[0] <= ink.shape[1] <= style.width[1]
        if not style.boxed:
            assert ink[:, -2:].max() < 0.3  # nothing is cut off at the right
        assert 0.003 < (ink > 0.5).mean() < 0.4


def test_a_set_is_drawn_read_and_the_same_again(tmp_path):
    given = {"seed": 5, "styles": ("form", "sheet"), "say": str}
    assert vietnamese.write(tmp_path / "a", [MALI, CHARM], 12, name="train", **given) == 12
    assert vietnamese.write(tmp_path / "b", [MALI, CHARM], 12, name="train", **given) == 12
    records = read(tmp_path / "a")
    assert records == read(tmp_path / "b")
    assert {type(record) for record in records} == {Record}
    assert {record.group for record in records} == {"Mali", "Charm"}
    assert {record.split for record in records} == {"train"}
    assert {letters.find_problem(record.get_bytes("label").decode()) for record in records} == {None}
    for record in records:
        with Image.open(io.BytesIO(record.get_bytes("image"))) as picture:
            assert picture.mode == "L"
            assert 740 <= picture.width <= 1180
            assert 58 <= picture.height <= 64
    assert vietnamese.write(tmp_path / "a", [MALI, CHARM], 12, name="train", **given) == 0


def test_a_font_is_given_only_texts_it_has_ink_for(tmp_path):
    inked = fonts.find_drawn(MALI, letters.CHARACTERS) - set("0123456789")
    drawing = vietnamese.Drawing(files=(MALI,), inked=(inked,), texts=None, seed=1, styles=("short",))
    texts = [record.get_bytes("label").decode() for record in drawing(range(30))]
    assert not any(character.isdigit() for text in texts for character in text)
    assert list(pickle.loads(pickle.dumps(drawing))(range(3))) == list(drawing(range(3)))


def test_what_cannot_be_drawn_is_refused(make_font, tmp_path):
    said = []
    tiny = make_font(tmp_path / "Tiny.ttf", {"a": "square", " ": "space"})
    with pytest.raises(ValueError, match="nothing to draw with: none of the fonts has ink for all Latin letters"):
        vietnamese.write(tmp_path / "out", [tiny], 3, seed=1, say=said.append)
    assert said == ["Tiny.ttf: no ink for 212 of 214 characters, such as !: not used"]
    with pytest.raises(ValueError, match="no style 'gothic'; known: form, sheet, short"):
        vietnamese.write(tmp_path / "out", [MALI], 3, seed=1, styles=["gothic"])
    with pytest.raises(ValueError, match="count is 0"):
        vietnamese.write(tmp_path / "out", [MALI], 0, seed=1)
    with pytest.raises(ValueError, match="no places in"):
        vietnamese.write(tmp_path / "out", [MALI], 1, seed=1, texts=tmp_path)
    assert not (tmp_path / "out").exists()


def test_the_command_draws_and_refuses(tmp_path, capsys):
    given = [
        "--fonts",
        str(lines.FONTS),
        "--only",
        "Mali",
        "--out",
        str(tmp_path),
        "--workers",
        "1",
        "--style",
        "short",
    ]
    assert vietnamese.main([*given, "--count", "3", "--name", "test"]) == 0
    assert "test: 1 of 1 shards, 3 pictures" in capsys.readouterr().out
    assert [record.split for record in read(tmp_path)] == ["test"] * 3
    assert vietnamese.main([*given, "--count", "4", "--name", "test"]) == 2
    assert "holds a set test drawn by other settings" in capsys.readouterr().err


def test_texts_of_ones_own_are_drawn_with_the_fonts_that_have_ink_for_them(tmp_path, make_font):
    (tmp_path / "texts.txt").write_text("HÀ NỘI\nab\n", encoding="utf-8")
    lacking = make_font(tmp_path / "Lacking.ttf", {"a": "square", "b": "bar", " ": "empty"})
    other = make_font(tmp_path / "Other.ttf", {"c": "square"})
    said = []
    given = {"seed": 5, "styles": ("short",), "texts": tmp_path / "texts.txt", "say": said.append}
    assert vietnamese.write(tmp_path / "own", [MALI, lacking, other], 20, **given) == 20
    records = read(tmp_path / "own")
    found = {(record.group, record.get_bytes("label").decode()) for record in records}
    assert found == {("Mali", "HÀ NỘI"), ("Mali", "ab"), ("Lacking", "ab")}
    assert [line.partition(":")[0] for line in said if "no ink" in line] == ["Lacking.ttf", "Other.ttf"]
    assert "not used" in next(line for line in said if line.startswith("Other.ttf"))


def test_fonts_that_draw_none_of_the_characters_are_told(tmp_path, make_font):
    other = make_font(tmp_path / "Other.ttf", {"c": "square"})
    with pytest.raises(ValueError, match="nothing to draw with: none of the fonts has ink for a text, or for all char"):
        vietnamese.write(tmp_path / "own", [other], 1, seed=1, characters="0123", say=str)
