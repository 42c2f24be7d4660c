"""Character n-grams: Witten and Bell's probabilities by hand, and the file they are kept in."""

from __future__ import annotations

import gzip
import lzma
import math

import pytest

from tfx_ocr.data.pretrained import find_language_model, list_language_models
from tfx_ocr.serving.portable.language_model import (
    LanguageModel,
    count_grams,
    prune_grams,
    read_language_model,
    write_language_model,
)


def test_probabilities_are_those_worked_out_by_hand():
    # "ab" and "ac": a 2, b 1, c 1; a begins both lines; of 3 characters and any other, each is 1/4 below that
    model = count_grams(["ab", "ac"], 2)
    a, b = (2 + 3 / 4) / 7, (1 + 3 / 4) / 7
    assert math.exp(model.measure("", "a")) == pytest.approx((2 + a) / 3)  # 2 of 2, and one kind
    assert math.exp(model.measure("a", "b")) == pytest.approx((1 + 2 * b) / 4)
    assert math.exp(model.measure("a", "z")) == pytest.approx(2 * (3 / 4 / 7) / 4)
    assert math.exp(model.measure("ab", "a")) == pytest.approx(a)  # nothing ever followed b


@pytest.mark.parametrize("order", [1, 2, 4])
def test_probabilities_behind_any_beginning_sum_to_one(order):
    model = count_grams(["hòa bình", "Hoà  Bình", "số 5"], order)
    known = sorted({gram for gram in model.counts if len(gram) == 1})
    for before in ("", "h", "số ", "xyz", "hòa bìn"):
        assert sum(math.exp(model.measure(before, each)) for each in [*known, "€"]) == pytest.approx(1)


def test_texts_are_composed_and_their_spaces_single():
    assert count_grams(["Ho\u0300a  x", "", "  "], 3).counts == count_grams(["Hòa x"], 3).counts


def test_it_is_read_as_it_was_written_and_written_alike(tmp_path):
    model = count_grams(["đường số 5"], 3)
    write_language_model(model, tmp_path / "a")
    write_language_model(LanguageModel(3, dict(reversed(model.counts.items()))), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found = read_language_model(tmp_path / "a")
    assert (found.order, found.counts) == (3, model.counts)


def test_the_files_name_says_how_it_is_compressed(tmp_path):
    model = count_grams(["đường số 5"], 3)
    write_language_model(model, tmp_path / "a.json.gz")
    write_language_model(model, tmp_path / "a.json.xz")
    assert gzip.decompress((tmp_path / "a.json.gz").read_bytes()) == lzma.decompress(
        (tmp_path / "a.json.xz").read_bytes()
    )
    assert read_language_model(tmp_path / "a.json.xz").counts == model.counts


def test_what_came_seldom_is_left_out_of_a_small_model():
    model = count_grams(["abcde"] * 8 + ["vwxyz"] * 7 + ["fgh"] * 2 + ["ijk"], 5)
    pruned = prune_grams(model)
    assert {gram for gram in model.counts if gram not in pruned.counts} == {
        *("\nij", "ijk", "\nijk"),  # once, of three and four characters
        *("\nfgh",),  # twice, of four
        *("\nvwxy", "vwxyz"),  # seven times, of five
    }
    assert pruned.order == 5
    assert {gram: model.counts[gram] for gram in pruned.counts} == pruned.counts
    assert math.exp(pruned.measure("vwxy", "z")) == pytest.approx(math.exp(pruned.measure("wxy", "z")))


def test_the_language_model_that_ships_knows_vietnamese_addresses():
    assert list_language_models() == ["vietnamese"]
    assert find_language_model("../lines/vietnamese") is find_language_model("english") is None
    model = read_language_model(find_language_model("vietnamese"))
    assert model.measure("Phườn", "g") > math.log(0.95)
    assert model.measure("Quận ", "x") < math.log(0.1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        gzip.compress(b"{}"),
        gzip.compress(b"[1]"),
        gzip.compress(b'{"format":"x"}'),
        gzip.compress(b"{}")[:9],
        lzma.compress(b"[1]"),
        lzma.compress(b"{}")[:40],
    ],
)
def test_what_is_no_language_model_is_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="x is not a language model"):
        read_language_model(tmp_path / "x")


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(ValueError, match="the texts hold no line"):
        count_grams(["", " "], 3)
    with pytest.raises(ValueError, match="order is 11; an n-gram may have 1 to 10"):
        count_grams(["a"], 11)
