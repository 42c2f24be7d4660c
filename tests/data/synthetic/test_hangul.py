import io
import pickle

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.synthetic import fonts, hangul, shards
from tfx_ocr.data.synthetic.glyph_ink import EM

pytestmark = pytest.mark.tfx  # TensorFlow writes the TFRecords


@pytest.fixture(scope="module")
def files(make_font, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fonts")
    one = make_font(folder / "One-Bold.ttf", {"가": "square", "나": "bar", "다": "empty"})
    return [one, make_font(folder / "Two.otf", {"가": "bar", "나": "empty"})]


def read(folder):
    return [record for shard in tfrecord.list_shards(folder) for record in tfrecord.read(folder, shard)]


@pytest.mark.parametrize("style", sorted(hangul.STYLES))
def test_pictures_of_a_style_are_of_their_size_and_hold_ink(files, style):
    pen = fonts.Pen(files[0], EM)
    for seed in range(20):
        picture = hangul.render(pen, "가", np.random.default_rng(seed), hangul.STYLES[style], image_size=96, size=70)
        with Image.open(io.BytesIO(picture)) as opened:
            grey = np.asarray(opened)
        assert grey.ndim == 2
        assert max(grey.shape) <= 96
        if hangul.STYLES[style].cut:
            assert min(grey.shape) > 20
        else:
            assert grey.shape == (96, 96)
        assert np.quantile(grey, 0.99).astype(int) - np.quantile(grey, 0.01) > 40


def test_a_set_holds_every_syllable_that_a_font_has_ink_for_and_says_what_it_lacks(files, tmp_path):
    said = []
    assert hangul.write(tmp_path, files, "가나다", each=2, seed=3, name="test", say=said.append) == 6
    assert said[:2] == [
        "One-Bold.ttf: no ink for 1 of 3 syllables, such as 다: not drawn",
        "Two.otf: no ink for 2 of 3 syllables, such as 나: not drawn",
    ]
    records = read(tmp_path)
    assert sorted(
        (record.group, record.get_bytes("label").decode(), record.source, record.split) for record in records
    ) == [
        ("One", "가", "One-Bold/가/0", "test"),
        ("One", "가", "One-Bold/가/1", "test"),
        ("One", "나", "One-Bold/나/0", "test"),
        ("One", "나", "One-Bold/나/1", "test"),
        ("Two", "가", "Two/가/0", "test"),
        ("Two", "가", "Two/가/1", "test"),
    ]
    assert len({record.get_bytes("image") for record in records}) == 6


def test_the_same_seed_gives_the_same_bytes_and_another_others(files, tmp_path, monkeypatch):
    for name, seed, shard in (("a", 3, 2000), ("b", 3, 4), ("c", 4, 2000)):
        monkeypatch.setattr(shards, "A_SHARD", shard)
        hangul.write(tmp_path / name, files, "가나", each=3, seed=seed, style="handwritten", say=str)
    a, b, c = ([record.get_bytes("image") for record in read(tmp_path / name)] for name in "abc")
    assert a == b  # whatever the shards
    assert not set(a) & set(c)


def test_a_drawing_travels_to_other_processes(files):
    drawing = hangul.Drawing(
        files=tuple(files), syllables=("가나", "가"), each=2, seed=1, style="printed", sizes=(("image_size", 64),)
    )
    assert drawing.total == 6
    assert list(pickle.loads(pickle.dumps(drawing))(range(2, 5))) == list(drawing(range(6)))[2:5]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"style": "carved"}, "no style 'carved'; known: handwritten, printed"),
        ({"image_size": 32}, "image_size is 32: from 64 to 256 pixels"),
        ({"image_size": 64, "size": 65}, "size is 65: the ink is from 8 pixels to the picture's side of 64"),
        ({"each": 0}, "each is 0: at least one"),
        ({"syllables": "다"}, "nothing to draw: none of the fonts has ink"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_written(files, tmp_path, changed, said):
    given = {"syllables": "가", "each": 1, "seed": 1, "say": str} | changed
    with pytest.raises(ValueError, match=said):
        hangul.write(tmp_path / "out", files, **given)
    assert not (tmp_path / "out").exists()


def test_the_command_draws_says_and_refuses(files, tmp_path, capsys):
    fonts_of = ["--fonts", str(files[0].parent), "--out", str(tmp_path), "--workers", "1", "--image-size", "64"]
    assert hangul.main([*fonts_of, "--size", "50", "--without", "Two", "--name", "train"]) == 0
    assert "train: 1 of 1 shards, 2 pictures" in capsys.readouterr().out
    assert {(record.group, record.features["style"]) for record in read(tmp_path)} == {("One", b"printed")}
    assert hangul.main([*fonts_of, "--size", "80"]) == 2
    assert capsys.readouterr().err == "size is 80: the ink is from 8 pixels to the picture's side of 64\n"
    assert hangul.main([*fonts_of, "--only", "Three"]) == 2
    assert "no font of the family 'Three'; there are: One, Two" in capsys.readouterr().err
