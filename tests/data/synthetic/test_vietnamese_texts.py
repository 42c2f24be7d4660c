import json
from collections import Counter

import numpy as np
import pytest

from tfx_ocr.data.alphabets import vietnamese
from tfx_ocr.data.synthetic import vietnamese_texts as texts

PROVINCE = {
    "name": "An Giang",
    "district": [
        {
            "name": "Cho\u031b\u0300 Mới",  # not NFC, as some are
            "pre": "Huyện",
            "ward": [{"name": "Hòa Bình", "pre": "Xã"}],
            "street": ["Thoại Ngọc Hầu", "1"],
        }
    ],
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Hòa Bình", "Hoà Bình"), ("HÒA BÌNH", "HOÀ BÌNH"), ("khỏe", "khoẻ"), ("Thủy Úy", "Thuỷ Uý"),
        ("lọa tõe hụy", "loạ toẽ huỵ"),
        ("Quý, quỳnh", "Quý, quỳnh"), ("hoàn toán", "hoàn toán"), ("Của mùa", "Của mùa"), ("Hoà", "Hoà"),
        ("tòa.", "toà."),
    ],
)  # fmt: skip
def test_tones_move_to_where_the_newer_spelling_has_them(old, new):
    assert texts.move_tones(old) == new


def test_every_line_is_within_the_alphabet_and_not_too_long():
    rng, built_in = np.random.default_rng(1), texts.load_built_in()
    lines = [built_in.draw_line(rng, commas) for commas in (True, False) for _ in range(500)]
    assert {vietnamese.find_problem(line) for line in lines} == {None}
    assert max(map(len, lines)) <= texts.LONGEST
    assert len(set(lines)) > 800
    short = [built_in.draw_short(rng) for _ in range(300)]
    assert {vietnamese.find_problem(line) for line in short} == {None}
    assert max(map(len, short)) < 34


def test_every_letter_and_mark_comes_up():
    rng = np.random.default_rng(1)
    counts = Counter("".join(texts.draw_invented(rng) for _ in range(4000)))
    assert [letter for letter in vietnamese.LETTERS + vietnamese.LETTERS.upper() if counts[letter] < 20] == []
    assert [mark for mark in vietnamese.PUNCTUATION if counts[mark] < 20] == []


def test_addresses_have_commas_on_a_sheet_and_none_in_boxes():
    rng, built_in = np.random.default_rng(1), texts.load_built_in()
    sheet = [built_in.draw_address(rng, commas=True) for _ in range(100)]
    boxes = [built_in.draw_address(rng, commas=False) for _ in range(100)]
    assert all(", " in line or " , " in line for line in sheet)
    assert not any("," in line for line in boxes)
    assert all(word[0].isupper() or not word[0].isalpha() for line in boxes for word in line.split())
    assert not any("Hòa" in line or "Thủy" in line for line in boxes)


def test_places_and_phrases_come_from_files_composed(tmp_path):
    (tmp_path / "vietnam_dataset/data").mkdir(parents=True)
    (tmp_path / "vietnam_dataset/data/AG.json").write_text(json.dumps(PROVINCE), encoding="utf-8")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/a.txt").write_text("Trăm năm\n\nrégion Δ\nđèn\n", encoding="utf-8")
    read = texts.load_folder(tmp_path)
    assert read.places == [texts.District("An Giang", "Huyện", "Chờ Mới", (("Xã", "Hòa Bình"),), ("Thoại Ngọc Hầu",))]
    assert read.phrases == ["Trăm năm", "đèn"]  # Δ is not in the alphabet


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no places in"),
        ("{", "AG.json is not a list"),
        ("{}", "AG.json is not a list"),
        ("[1]", "AG.json is not a list"),
    ],
    ids=["none", "cut_off", "other", "list"],
)
def test_word_lists_that_are_none_are_refused(tmp_path, content, said):
    if content:
        (tmp_path / "vietnam_dataset/data").mkdir(parents=True)
        (tmp_path / "vietnam_dataset/data/AG.json").write_text(content)
    with pytest.raises(ValueError, match=said):
        texts.load_folder(tmp_path)
