import hashlib
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


# First lines of seed 1, and the digest of 3,000: the sets that the shipped models learned from can be drawn again.
DRAWN = {
    "line_with_commas": (
        lambda rng, some: some.draw_line(rng, True),
        ["Hàng Bạc Hoàn Kiếm Hà Nội", "Xã Tản Lĩnh, Huyện Ba Vì, Hà Nội"],
        "9ebd941ba468d35e",
    ),
    "line": (
        lambda rng, some: some.draw_line(rng, False),
        ["Phường Hàng Bạc, Quận Hoàn Kiếm, Hà Nội", "Khu Huế Ngãi Tứ Tam Bình Vĩnh Long"],
        "72916dacafa50ef1",
    ),
    "short": (lambda rng, some: some.draw_short(rng), ["Huyện Đơn Dương", "Huỳnh Thanh Uyên"], "bbc0996ea85d5d93"),
    "address_with_commas": (
        lambda rng, some: some.draw_address(rng, True),
        ["Xã Độc Lập, Huyện Hưng Hà, Thái Bình", "Xã Hoà Thạnh, Huyện Tam Bình, Vĩnh Long"],
        "2eb765771f2e3e21",
    ),
    "address": (
        lambda rng, some: some.draw_address(rng, False),
        ["Xã Độc Lập Hưng Hà Thái Bình", "Tổ 16 Phường 1 Tân Bình Tp Hồ Chí Minh"],
        "9132abce7890c988",
    ),
    "phrase": (
        lambda rng, some: some.draw_phrase(rng),
        ["thì đen, gần đèn thì sáng", "Tốt gỗ hơn tốt nước"],
        "1f98c644467778fd",
    ),
    "name": (lambda rng, _: texts.draw_name(rng), ["Trịnh Ý Ánh", "Phạm Ngọc Hùng"], "d3000cb95eb2cc99"),
    "date": (
        lambda rng, _: texts.draw_date(rng),
        ["Ngày 15 tháng 7 năm 2007", "ngày 30 tháng 10 năm 2025"],
        "f6783808a69fe9ab",
    ),
    "amount": (lambda rng, _: texts.draw_amount(rng), ["0790189238", "424650087"], "62b7857ed168264c"),
    "invented": (lambda rng, _: texts.draw_invented(rng), ["NGHỤY giêu NỚP vôu", "Dịy đõn nghó"], "a7fc711ac5679e60"),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_seed_draws_the_lines_that_it_always_drew(kind):
    draw, first, digest = DRAWN[kind]
    rng, built_in = np.random.default_rng(1), texts.load_built_in()
    lines = [draw(rng, built_in) for _ in range(3000)]
    assert lines[:2] == first
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] == digest


def test_a_district_without_wards_and_streets_has_an_address():
    bare = texts.Texts([texts.District("Hà Nội", "Huyện", "Ba Vì", (), ())], ["một hai"])
    rng = np.random.default_rng(1)
    lines = [bare.draw_address(rng, commas=True) for _ in range(50)]
    assert "Xã Tân Lập, Huyện Ba Vì, Hà Nội" in lines
    assert {line.split(", ")[-3].split()[-2:] == ["Tân", "Lập"] for line in lines if " , " not in line} == {True}


@pytest.mark.parametrize(("phrase", "expected"), [("a" * 90, range(20, 73)), ("một", [3]), ("một hai ba bốn", [14])])
def test_a_phrase_is_cut_between_words_or_within_its_first(phrase, expected):
    alone = texts.Texts([], [phrase])
    rng = np.random.default_rng(1)
    lengths = {len(alone.draw_phrase(rng)) for _ in range(300)}
    assert lengths <= set(expected)
    assert len(lengths) > 1 or len(expected) == 1
