from collections import Counter

import pytest

from tfx_ocr.components.artifacts import SPLITS
from tfx_ocr.components.example_gen.splits import Divider
from tfx_ocr.components.recipe import Split

KEYS = [f"writer {number}" for number in range(20_000)]


def divided(rule, named=(), given="", keys=KEYS):
    divider = Divider(rule, named)
    return {key: divider.choose_split(given, key) for key in keys}


@pytest.mark.parametrize(
    ("named", "given", "shares"),
    [
        ((), "", {"train": 0.7, "eval": 0.1, "test": 0.2}),
        (("train",), "train", {"train": 0.7, "eval": 0.1, "test": 0.2}),
        (("train", "test"), "train", {"train": 0.9, "eval": 0.1}),
        (("train", "eval"), "train", {"train": 0.8, "test": 0.2}),
        (("train", "eval", "test"), "train", {"train": 1.0}),
        (("test",), "test", {"test": 1.0}),
        (("eval",), "eval", {"eval": 1.0}),
    ],
    ids=["none_named", "train", "train_and_test", "train_and_eval", "all", "of_test", "of_eval"],
)
def test_what_the_data_names_is_kept_and_the_rest_divided_by_shares(named, given, shares):
    counts = Counter(divided(Split(eval=0.1, test=0.2), named, given).values())
    assert counts.keys() == shares.keys()
    for split, share in shares.items():
        assert counts[split] / len(KEYS) == pytest.approx(share, abs=0.01)  # more than 3 standard deviations of 0.003


def test_a_key_goes_to_the_same_side_in_any_company_and_on_any_machine():
    rule = Split(eval=0.25, test=0.25)
    assert divided(rule, keys=KEYS[::-1][:50]).items() <= divided(rule).items()
    # SHA-256 of "a" begins with ca (0.79 of the way), of b with 3e (0.24), of c with 2e (0.18), of f with 25 (0.15)
    assert divided(rule, keys=["a", "b", "c", "f"]) == {"a": "eval", "b": "test", "c": "test", "f": "test"}
    assert divided(Split(eval=0.2, test=0.16), keys=["a", "b", "c", "f"]) == {
        "a": "train",
        "b": "train",
        "c": "train",
        "f": "test",
    }


def test_a_share_that_changes_moves_nobody_of_the_other_split():
    few, many = divided(Split(eval=0.1, test=0.1)), divided(Split(eval=0.1, test=0.3))
    assert {key for key in KEYS if few[key] == "eval"} == {key for key in KEYS if many[key] == "eval"}
    assert {key for key in KEYS if few[key] == "test"} < {key for key in KEYS if many[key] == "test"}


@pytest.mark.parametrize("by", ["file", "group"])
def test_groups_go_where_they_are_named_in_natural_order(by):
    rule = Split(by=by, eval=0.5, test=0.5, eval_groups=("w9..w11", "w2"), test_groups=("w20",))
    keys = ["w1", "w2", "w3", "w8", "w9", "w10", "w11", "w12", "w20", "w100"]
    assert divided(rule, keys=keys) == {
        "w1": "train",
        "w2": "eval",
        "w3": "train",
        "w8": "train",
        "w9": "eval",
        "w10": "eval",
        "w11": "eval",
        "w12": "train",
        "w20": "test",
        "w100": "train",
    }


def test_groups_named_for_one_split_leave_the_share_of_the_other():
    counts = Counter(divided(Split(by="group", eval=0.1, test=0.9, test_groups=("writer 1..writer 2",))).values())
    assert counts["test"] == 2
    assert counts["eval"] / len(KEYS) == pytest.approx(0.1, abs=0.01)


def test_groups_named_for_a_split_that_the_data_names_are_not_taken():
    rule = Split(by="group", eval=0.0, test_groups=("w1",))
    assert divided(rule, ("test", "train"), "train", ["w1", "w2"]) == {"w1": "train", "w2": "train"}


def test_no_group_is_told_apart_only_where_it_is_needed():
    assert Divider(Split(by="group"), ()).choose_split("", "") == ""
    assert Divider(Split(by="group"), ("train", "test")).choose_split("test", "") == "test"
    assert Divider(Split(by="group"), ("eval", "test")).choose_split("train", "") == "train"


@pytest.mark.parametrize("share", [0.0, 0.37, 1.0])
def test_splits_by_group_are_disjoint(share):
    # the law: whatever the records and their order, a group is on one side
    divider = Divider(Split(by="group", eval=share / 2, test=share / 2), ())
    sides = {}
    for number in range(5000):
        group = f"w{number * 7919 % 97}"
        sides.setdefault(group, set()).add(divider.choose_split("", group))
    assert len(sides) == 97
    assert all(len(side) == 1 and side <= set(SPLITS) for side in sides.values())
    if share == 0.0:
        assert set.union(*sides.values()) == {"train"}
    if share == 1.0:
        assert set.union(*sides.values()) == {"eval", "test"}
