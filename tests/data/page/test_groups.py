import pytest

from tfx_ocr.data.page import groups


def grouped(pairs, count):
    return groups.join_pairs(count, pairs)


def test_one_company_in_six_spellings_is_one_group():
    names = [
        "MR. D.I.Y. (M) SDN BHD",
        "MR D.I.Y. (M) SDN BHD",
        "MR. D.I.Y. (KUCHAI) SDN BHD",
        "MR. D. I. Y. (M) SDN BHD",
        "MR. D.I.Y. SDN BHD",
        "MR.D.I.Y(M)SDN BHD",
        "MR. DAKGALBI",
        "",
    ]
    assert grouped(groups.pair_by_name(names), len(names)) == [0, 0, 0, 0, 0, 0, 6, 7]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("RESTORAN WAN SHENG", "RSTORAN WAN SHENG", True),
        ("GARDENIA BAKERIES (KL) SDN BHD", "GARDENIA BAKERIES (KI ) SDN BHD", True),
        ("DOMINO'S PIZZA", "DOMINO'S PIZZA TAMAN UNIVERSITI", True),
        ("AEON CO. (M) BHD", "AEON CO. (M) SDN BHD", True),
        ("YAM FRESH", "YHM AEON TEBRAU CITY", False),
        ("SDN BHD", "CO", False),
    ],
)
def test_names_are_compared_loosely(one, other, same):
    assert (grouped(groups.pair_by_name([one, other]), 2) == [0, 0]) is same


def test_pages_that_say_nearly_the_same_are_one_group():
    text = "TAN WOON YANN BOOK TALK SDN BHD 789417-W TOTAL 9.00 CASH 10.00 CHANGE 1.00"
    assert groups.pair_by_text([text, "quite another receipt", text.replace("TALK", "TA .K")]) == [(0, 2)]


@pytest.mark.parametrize("block", [1, 2, 1000])
def test_pages_of_one_letterhead_are_one_group(block, monkeypatch):
    monkeypatch.setattr(groups, "A_BLOCK", block)
    borriston = "Borriston Laboratories Temple Hills Maryland invoice total"
    rowland = "Rowland Madison Avenue York invoice total"
    pages = [borriston, rowland, borriston.replace("Temple", "Tcmple"), "other words altogether invoice total", ""]
    assert groups.pair_by_letterhead(pages) == [(0, 2)]
    assert groups.pair_by_letterhead([]) == []


def test_keys_join_and_none_does_not():
    assert groups.join_pairs(5, groups.pair_by_key(["a", None, "a", None, "b"])) == [0, 1, 0, 3, 4]
