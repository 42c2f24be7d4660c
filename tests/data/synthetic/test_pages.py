import io

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data import features, images
from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.samples.lines import FONTS
from tfx_ocr.data.synthetic import fonts, pages, vietnamese
from tfx_ocr.data.synthetic.own_texts import OwnTexts

TEXTS = OwnTexts(("Hello 7 world", "TOTAL", "some longer words here"), frozenset("Helo 7wrdTOTALsmngshi"))


@pytest.fixture(scope="module", autouse=True)
def small():
    """Draw pages of a quarter of the usual area."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "LONGEST", (600, 700))
        yield


@pytest.fixture(scope="module")
def drawing():
    files = fonts.list_fonts([FONTS / "Itim.ttf", FONTS / "Kodchasan.ttf"])
    usable, inked = vietnamese.choose_inked(files, None, lambda _: None)
    return lambda **options: pages.Drawing(files=usable, inked=inked, texts=TEXTS, seed=3, **options)


@pytest.mark.parametrize("layout", pages.LAYOUTS)
def test_every_layout_has_lines_whose_words_lie_on_the_page(drawing, layout):
    drawn = drawing(styles=(layout,)).draw(0)
    height, width = drawn.pixels.shape
    assert drawn.layout == layout
    assert 600 <= max(height, width) <= 700
    lines = [line for region in drawn.page.regions for line in region.lines]
    assert len(lines) >= 3
    for line in lines:
        assert line.text == " ".join(word.text for word in line.words)
        for word in line.words:
            assert line.box.left <= word.box.left + 1
            assert word.box.right <= line.box.right + 1
            assert word.box.left >= 0
            assert word.box.top >= 0
            assert word.box.right <= width
            assert word.box.bottom <= height


def test_boxes_are_those_of_the_ink(drawing, monkeypatch):
    for share in ("BROKEN", "FOLDED", "STAMPED", "FAXED"):
        monkeypatch.setattr(pages, share, 0.0)
    monkeypatch.setattr(pages, "LOOKS", (pages.paper.Look(paper=(250, 250), contrast=(1.0, 1.0)),) * 2)
    monkeypatch.setattr(pages, "_choose_view", lambda sheet, _: np.eye(3))
    drawn = drawing(styles=("receipt",)).draw(1)
    word = drawn.page.regions[0].lines[0].words[0]
    left, top, right, bottom = (round(side) for side in word.box)
    rows, columns = np.nonzero(drawn.pixels[top - 3 : bottom + 3, left - 3 : right + 3] < 230)
    assert (columns.min(), rows.min()) == pytest.approx((3, 3), abs=1)
    assert (columns.max() + 1, rows.max() + 1) == pytest.approx((3 + right - left, 3 + bottom - top), abs=1)


def test_a_page_depends_on_the_seed_and_its_number_alone(drawing):
    both = list(drawing()(range(2)))
    [second] = drawing()(range(1, 2))
    assert both[1].features == second.features
    assert both[0].features != second.features


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write a digit and a line in dark ink, one folder each."""
    folder = tmp_path_factory.mktemp("written")
    for label, (height, width) in {"7": (28, 28), "by hand": (40, 300)}.items():
        picture = np.full((height, width), 240, np.uint8)
        picture[8:-8, 8:-8] = 20
        (folder / label / label).mkdir(parents=True)
        (folder / label / label / "a.png").write_bytes(images.encode_png(picture.tobytes(), height, width))
    return folder


def test_digits_are_drawn_from_pictures(drawing, written):
    found = [drawing(styles=("digits",), writing=written / "7").draw(number) for number in range(3)]
    texts = {line.text for drawn in found for region in drawn.page.regions for line in region.lines}
    numbers = {text for text in texts if not set(text) - {"7", " "}}
    assert len(numbers) >= 3  # of several lengths; a stamp has another text


def test_a_picture_of_a_line_has_no_words(drawing, written):
    drawn = drawing(styles=("notes",), writing=written / "by hand").draw(0)
    lines = [line for region in drawn.page.regions for line in region.lines if line.text == "by hand"]
    assert lines
    assert all(line.words == () for line in lines)
    record = next(drawing(styles=("notes",), writing=written / "by hand")(range(1)))
    assert set(record.features[features.SHAPES]) == {b"line"}


def test_paper_is_taken_from_pictures(drawing, tmp_path):
    (tmp_path / "dark.png").write_bytes(images.encode_png(bytes([100] * 64), 8, 8))
    light, dark = (drawing(styles=("text",), backgrounds=each).draw(0).pixels for each in (None, tmp_path))
    assert np.median(dark) < 0.5 * np.median(light)


def test_pages_are_read_back_as_they_were_written(tmp_path):
    given = {"seed": 1, "styles": ("table",), "characters": "ab ", "say": lambda _: None}
    files = [FONTS / "Itim.ttf"]
    assert pages.write(tmp_path, files, 2, name="train", **given) == 2
    assert pages.write(tmp_path, files, 2, name="train", **given) == 0
    [shard] = tfrecord.list_shards(tmp_path)
    records = list(tfrecord.read(tmp_path, shard))
    assert [record.split for record in records] == ["train", "train"]
    for record in records:
        picture = Image.open(io.BytesIO(record.features[features.IMAGE]))
        assert record.features[features.PAGE_SIZE] == list(picture.size)
        kinds = record.features[features.SHAPES]
        assert b"word" in kinds
        assert len(record.features[features.POLYGONS]) == 8 * len(kinds)


def test_bad_settings_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no layout 'poster'; known: text, form, table, receipt, notes, digits"):
        pages.write(tmp_path, [FONTS / "Itim.ttf"], 1, seed=1, styles=["poster"])
    with pytest.raises(ValueError, match="no data of a known format"):
        pages.Drawing(files=(), inked=(), writing=tmp_path).written  # noqa: B018 (read for what it raises)
