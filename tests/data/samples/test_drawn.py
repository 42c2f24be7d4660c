"""The samples that are drawn when they are needed: Hangul, lines and print."""

from collections import Counter, defaultdict

import pytest

from tfx_ocr.data import images
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.readers import choose_reader, get_reader
from tfx_ocr.data.record import Record
from tfx_ocr.data.samples import get_sample, hangul, lines
from tfx_ocr.data.samples import print as prints
from tfx_ocr.data.synthetic import fonts

pytestmark = pytest.mark.tfx  # TensorFlow writes the TFRecords


def read(folder):
    name = choose_reader(folder, ["image_folder", "tfrecord"])
    return [record for shard in get_reader(name).list_shards(folder) for record in get_reader(name).read(folder, shard)]


def groups(records):
    found = defaultdict(set)
    for record in records:
        found[record.split].add(record.group)
    return found


@pytest.mark.parametrize(
    ("name", "module", "letters"),
    [("hangul", hangul, "hangul"), ("lines", lines, "vietnamese"), ("print", prints, "latin")],
    ids=["hangul", "lines", "print"],
)
def test_a_sample_is_drawn_whole_and_its_fonts_are_held_apart(name, module, letters, tmp_path, monkeypatch):
    if name == "hangul":
        fewer = {split: (families, dict.fromkeys(styles, 1)) for split, (families, styles) in module.SPLITS.items()}
        monkeypatch.setattr(module, "SYLLABLES", "한글밥")
        expected = {"train": 3 * 5 * 2, "eval": 3, "test": 3 * 2}
    else:
        fewer = {split: (families, 40) for split, (families, _) in module.SPLITS.items()}
        expected = {"train": 40, "eval": 40, "test": 40}
    monkeypatch.setattr(module, "SPLITS", fewer)
    folder = get_sample(name)(tmp_path / name)
    records = read(folder)
    assert {type(record) for record in records} == {Record}
    assert Counter(record.split for record in records) == expected
    assert groups(records) == {split: set(families) for split, (families, _) in fewer.items()}
    assert {get_alphabet(letters).find_problem(record.get_bytes("label").decode()) for record in records} == {None}
    assert {images.find_problem(record.get_bytes("image"), 100_000) for record in records} == {None}
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert get_sample(name)(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_every_jamo_occurs_in_the_syllables():
    assert len(set(hangul.SYLLABLES)) == len(hangul.SYLLABLES) == 72
    numbers = zip(*(get_alphabet("hangul").split(syllable) for syllable in hangul.SYLLABLES), strict=True)
    assert [len(set(jamo)) for jamo in numbers] == [19, 21, 28]


@pytest.mark.parametrize("module", [hangul, lines], ids=["hangul", "lines"])
def test_every_font_that_ships_is_used_draws_all_and_has_its_notice(module):
    files = fonts.list_fonts([module.FONTS])
    assert {fonts.get_family(path) for path in files} == {
        family for families, _ in module.SPLITS.values() for family in families
    }
    needed = hangul.SYLLABLES if module is hangul else get_alphabet("vietnamese").CHARACTERS
    notices = (module.FONTS / "LICENCES.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in notices
    for path in files:
        assert fonts.find_drawn(path, needed) == set(needed)
        assert f"\n{path.name}: " in notices
    assert sum(path.stat().st_size for path in module.FONTS.iterdir()) < 1_000_000
