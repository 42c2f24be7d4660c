import collections
import dataclasses
import json

import pytest

from tfx_ocr.components.evaluator import gate
from tfx_ocr.components.evaluator.gate import Served
from tfx_ocr.components.evaluator.metrics import classification, text
from tfx_ocr.components.recipe import Gate

METRICS = {"accuracy": 0.912, "macro_precision": 0.92, "macro_recall": 0.9, "macro_f1": 0.95}
CLASSES = {
    "1": {"precision": 0.95, "recall": 0.7, "f1": 0.8, "support": 20},
    "7": {"precision": 0.75, "recall": 0.9, "f1": 0.8, "support": 40},
    "?": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0},
}
RECORDED = Served(version=17, metrics={"accuracy": 0.912, "macro_f1": 0.962}, n=60, how="recorded")


def checks(served=None, **limits):
    return gate.run_checks(Gate(**limits), classification, METRICS, CLASSES, served)


def test_a_gate_without_limits_lets_everything_pass():
    assert checks() == []


def test_a_metric_below_its_limit_fails_with_both_numbers():
    (check,) = checks(at_least={"accuracy": 0.93})
    assert not check.ok
    assert check.sentence == "accuracy 0.912 is below 0.93"
    assert (check.metric, check.rule, check.limit, check.value) == ("accuracy", "at_least", 0.93, 0.912)


def test_a_metric_at_its_limit_passes():
    (check,) = checks(at_least={"accuracy": 0.912})
    assert check.ok
    assert check.sentence == ""


def test_numbers_are_shown_far_enough_to_tell_them_apart():
    (check,) = gate.run_checks(Gate(at_least={"accuracy": 0.93}), classification, {"accuracy": 0.92996}, {}, None)
    assert check.sentence == "accuracy 0.92996 is below 0.93"


def test_each_class_below_its_limit_is_named():
    found = checks(each_class_at_least={"precision": 0.8, "recall": 0.8})
    assert [check.sentence for check in found] == [
        "precision 0.75 of class '7' (40 examples) is below 0.8",
        "recall 0.7 of class '1' (20 examples) is below 0.8",
    ]
    assert [check.of for check in found] == ["7", "1"]


def test_the_lowest_class_stands_for_all_that_pass():
    (check,) = checks(each_class_at_least={"recall": 0.6})
    assert (check.ok, check.of, check.value) == (True, "1", 0.7)


def test_a_class_that_was_never_the_label_is_not_judged_alone():
    found = checks(each_class_at_least={"recall": 1.0, "precision": 1.0})
    assert sorted((check.metric, check.of) for check in found) == [
        *(("precision", label) for label in "17"),
        *(("recall", label) for label in "17"),
    ]


def test_worse_than_the_served_version_by_more_than_allowed_fails_with_its_numbers():
    (check,) = checks(RECORDED, at_most_worse={"macro_f1": 0.005})
    assert not check.ok
    assert check.sentence == "macro_f1 0.95 is 0.012 worse than version 17's 0.962 (at most 0.005)"
    assert check.served == 0.962


@pytest.mark.parametrize(
    ("ours", "theirs", "ok"),
    [(0.957, 0.962, True), (0.9569, 0.962, False), (0.97, 0.962, True), (0.962, 0.962, True)],
    ids=["just_allowed", "just_not", "better", "equal"],
)
def test_at_most_worse_at_its_edge(ours, theirs, ok):
    served = Served(version=1, metrics={"macro_f1": theirs}, n=60, how="evaluated")
    limits = Gate(at_most_worse={"macro_f1": 0.005})
    (check,) = gate.run_checks(limits, classification, {"macro_f1": ours}, {}, served)
    assert check.ok is ok
    found = gate.find_regressions(limits, classification, {"macro_f1": ours}, served.metrics)
    assert found == ([] if ok else ["macro_f1"])


def against(triples, served, **metrics):
    """Return one check of accuracy, or of `metrics`, against a served version that answered `triples`."""
    judged = Served(version=17, metrics=served, n=sum(triples.values()), how="evaluated", triples=triples)
    family = text if "cer" in metrics else classification
    (check,) = gate.run_checks(Gate(at_most_worse=dict.fromkeys(metrics, 0.005)), family, metrics, {}, judged)
    return check


def test_worse_than_the_served_version_and_not_by_chance_fails_with_the_interval():
    check = against({("a", "a", "a"): 360, ("a", "b", "a"): 20}, {"accuracy": 1.0}, accuracy=360 / 380)
    assert not check.ok
    low, high = check.interval
    assert 0.02 < low < 20 / 380 < high < 0.1
    assert check.sentence == (
        f"accuracy 0.947 is 0.053 worse than version 17's 1 (at most 0.005; 95 % interval {low:.3f} to {high:.3f})"
    )


def test_an_interval_that_begins_at_nothing_may_be_chance():
    # one of ten lost: a resample without it, 0.9 ** 10 = 0.35 of them, shows no difference
    check = against({("a", "a", "a"): 9, ("a", "b", "a"): 1}, {"accuracy": 1.0}, accuracy=0.9)
    assert check.ok
    assert check.interval == (0.0, pytest.approx(0.3))
    assert check.sentence.endswith("(at most 0.005; 95 % interval 0 to 0.3, which may be chance)")


def test_a_check_stays_as_it_was_made():
    (check,) = checks(at_least={"accuracy": 0.93})
    with pytest.raises(dataclasses.FrozenInstanceError):
        check.ok = True


def test_worse_by_what_chance_explains_passes_and_says_so():
    # 382 pictures, 10 lost and 4 won
    triples = {("a", "a", "a"): 365, ("a", "b", "b"): 3, ("a", "b", "a"): 10, ("a", "a", "b"): 4}
    check = against(triples, {"accuracy": 375 / 382}, accuracy=369 / 382)
    assert check.ok
    low, high = check.interval
    assert -0.01 < low < 0 < 6 / 382 < high
    assert check.sentence.startswith(
        "accuracy 0.966 is 0.016 worse than version 17's 0.982 (at most 0.005; 95 % interval"
    )
    assert check.sentence.endswith(f"{low:.3f} to {high:.3f}, which may be chance)")


def test_the_same_numbers_from_fewer_that_differ_are_no_chance():
    # two seeds of one network, 7 lost and 1 won; McNemar's mid-p is 0.039
    triples = {("a", "a", "a"): 368, ("a", "b", "b"): 6, ("a", "b", "a"): 7, ("a", "a", "b"): 1}
    check = against(triples, {"accuracy": 375 / 382}, accuracy=369 / 382)
    assert not check.ok
    assert check.interval == pytest.approx((0.003, 0.03), abs=0.002)


def test_worse_within_the_limit_passes_however_sure_that_is():
    triples = {("a", "a", "a"): 99_700, ("a", "b", "a"): 300}
    check = against(triples, {"accuracy": 1.0}, accuracy=0.997)
    assert check.ok
    assert check.interval[0] > 0
    assert check.sentence == ""


def test_an_error_rate_is_worse_when_it_rises():
    triples = {("abcd", "abxd", "abcd"): 20, ("ab", "ab", "ab"): 20}
    check = against(triples, {"cer": 0.0}, cer=1 / 6)
    assert not check.ok
    assert check.sentence.startswith("cer 0.167 is 0.167 worse than version 17's 0 (at most 0.005; 95 % interval 0.1")
    better = {(reference, theirs, mine): count for (reference, mine, theirs), count in triples.items()}
    assert against(better, {"cer": 1 / 6}, cer=0.0).ok


def test_a_metric_above_its_highest_value_fails_with_both_numbers():
    limits = Gate(at_most={"cer": 0.25, "wer": 0.6})
    above, below = gate.run_checks(limits, text, {"cer": 0.3, "wer": 0.6}, {}, None)
    assert (above.ok, above.sentence, above.rule) == (False, "cer 0.3 is above 0.25", "at_most")
    assert (below.ok, below.sentence) == (True, "")


@pytest.mark.parametrize(
    ("family", "rule", "name", "said"),
    [
        (text, "at_least", "cer", "names 'cer', of which less is better: name it in gate.at_most"),
        (text, "at_most", "exact_lines", "names 'exact_lines', of which more is better: name it in gate.at_least"),
        (classification, "at_most", "accuracy", "names 'accuracy', of which more is better"),
        (text, "each_class_at_least", "recall", "names the metric 'recall'; known: none"),
    ],
)
def test_a_limit_on_the_wrong_side_is_refused(family, rule, name, said):
    with pytest.raises(ValueError, match=rf"gate\.{rule} {said}"):
        gate.refuse_unknown(Gate(**{rule: {name: 0.5}}), family)


@pytest.mark.parametrize(
    ("family", "rule", "name", "limit"),
    [
        (classification, "at_least", "accuracy", 64.1),
        (classification, "at_least", "accuracy", -0.1),
        (classification, "each_class_at_least", "recall", 95),
        (text, "at_least", "exact_lines", 1.01),
    ],
)
def test_a_percentage_is_refused(family, rule, name, limit):
    with pytest.raises(ValueError, match=rf"^gate\.{rule}\.{name} is {limit}; it is a fraction, from 0 to 1$"):
        gate.refuse_unknown(Gate(**{rule: {name: limit}}), family)


def test_a_class_limit_where_no_class_was_seen_says_nothing():
    assert gate.run_checks(Gate(each_class_at_least={"recall": 0.9}), classification, METRICS, {}, None) == []


def test_the_first_model_is_worse_than_none():
    (check,) = checks(None, at_most_worse={"macro_f1": 0.005})
    assert check.ok
    assert check.served is None


@pytest.mark.parametrize(
    ("rule", "name"),
    [("at_least", "acuracy"), ("at_least", "recall"), ("each_class_at_least", "macro_f1"), ("at_most_worse", "f1")],
)
def test_unknown_metrics_are_refused_with_those_there_are(rule, name):
    with pytest.raises(ValueError, match=rf"gate.{rule} names the metric '{name}'; known: .*(accuracy|recall)"):
        gate.refuse_unknown(Gate(**{rule: {name: 0.5}}), classification)


def test_known_metrics_are_not_refused():
    classes = Gate(at_least={"accuracy": 1}, each_class_at_least={"f1": 1}, at_most_worse={"macro_f1": 0})
    assert gate.refuse_unknown(classes, classification) is None
    lines = Gate(at_least={"exact_lines": 0}, at_most={"cer": 1}, at_most_worse={"wer": 0})
    assert gate.refuse_unknown(lines, text) is None


PAIRS = collections.Counter({("1", "1"): 3, ("7", "7"): 4, ("1", "7"): 1})


def verdict(served=None, **limits):
    limits = {"min_examples": 8, **limits}
    return gate.judge("digits", Gate(split="test", **limits), classification, PAIRS, served, "abc")


def test_verdict_holds_what_the_report_and_the_manifest_need():
    judged = verdict(at_least={"accuracy": 0.9}, at_most_worse={"macro_f1": 0.1})
    assert judged["blessed"] is False
    assert (judged["recipe"], judged["split"], judged["n"], judged["examples_digest"]) == ("digits", "test", 8, "abc")
    assert judged["metrics"]["accuracy"] == 7 / 8
    assert judged["classes"]["1"] == {"precision": 1.0, "recall": 0.75, "f1": pytest.approx(6 / 7), "support": 4}
    assert judged["confusion"] == [["7", "7", 4], ["1", "1", 3], ["1", "7", 1]]
    assert judged["intervals"]["accuracy"][0] < 7 / 8 < judged["intervals"]["accuracy"][1] <= 1
    assert judged["lower_is_better"] == []
    assert judged["served"] is None
    assert judged["checks"][0] == {
        "metric": "accuracy", "class": None, "rule": "at_least", "limit": 0.9, "value": 0.875, "ok": False,
        "sentence": "accuracy 0.875 is below 0.9", "served": None, "interval": None,
    }  # fmt: skip
    assert json.loads(json.dumps(judged))["checks"][1]["ok"] is True


def test_verdict_blesses_when_every_check_holds():
    assert verdict(at_least={"accuracy": 0.875}, each_class_at_least={"recall": 0.75})["blessed"] is True


def test_a_test_of_too_few_examples_blesses_no_model_however_good():
    judged = verdict(at_least={"accuracy": 0.5}, min_examples=9)
    assert judged["blessed"] is False
    assert "8 test examples, where at least 9 are needed (gate.min_examples)" in gate.summarize(judged)
    assert Gate().min_examples == 10


@pytest.mark.parametrize(
    ("known", "limit", "ok", "sentence"),
    [
        ("17", 1, True, ""),
        ("179", 1, False, "no test example of 1 of 3 classes: '9'"),
        ("179", 0, True, "no test example of 1 of 3 classes: '9'"),
        ("17", 4, True, ""),
        ("179", 5, False, "fewer than 5 test examples of 3 of 3 classes: '1', '7', '9'"),
        ("01234567", 1, False, "no test example of 6 of 8 classes: '0', '2', '3', '4', '5' and 1 more"),
    ],
)
def test_classes_never_seen_are_named(known, limit, ok, sentence):
    limits = Gate(split="test", min_class_examples=limit)
    (_, check) = gate.count_examples(limits, 8, {"1": 4, "7": 4}, known)
    assert (check.ok, check.sentence) == (ok, sentence)
    judged = gate.judge(
        "digits", dataclasses.replace(limits, min_examples=8), classification, PAIRS, None, "abc", known
    )
    assert judged["blessed"] is ok
    assert sentence in gate.summarize(judged)


def test_texts_are_no_classes_that_could_be_missed():
    judged = gate.judge("lines", Gate(min_examples=1), text, {("ab", "ab"): 1}, None, "abc", ["c"])
    assert [check["rule"] for check in judged["checks"]] == ["min_examples"]


@pytest.mark.parametrize(
    ("right", "sentence"),
    [(95, "accuracy 0.95 is at least 0.93, which may be chance: its 95 % interval is 0.91 to 0.99"), (100, "")],
)
def test_a_limit_inside_the_interval_is_said_to_hold_by_chance(right, sentence):
    pairs = {("1", "1"): right, ("1", "7"): 100 - right}
    judged = gate.judge("digits", Gate(at_least={"accuracy": 0.93}), classification, pairs, None, "abc")
    assert judged["blessed"]
    assert judged["checks"][0]["sentence"] == sentence


def test_summary_says_the_numbers_and_what_is_wrong():
    assert gate.summarize(verdict(RECORDED, at_least={"accuracy": 0.9})).splitlines() == [
        "gate REFUSED: accuracy 0.8750, macro_precision 0.9000, macro_recall 0.8750, macro_f1 0.8730 (8 test examples)",
        "  accuracy 0.875 is below 0.9",
    ]
    assert gate.summarize(verdict()).startswith("gate passed: accuracy 0.8750")


def test_corrections_are_held_against_the_served_version_alone():
    """Of 20 corrections the served version reads 12 and the model 4: 8 of those 12 were lost."""
    triples = {("7", "7", "7"): 4, ("7", "1", "7"): 8, ("7", "1", "1"): 8}
    served = Served(version=3, metrics={"accuracy": 0.6, "macro_f1": 0.0}, n=20, how="evaluated", triples=triples)
    rule = Gate(corrections_at_most_worse={"accuracy": 0.0})
    (check,), told = gate.check_corrections(rule, classification, {("7", "7"): 4, ("7", "1"): 16}, served)
    assert (check.rule, check.ok, check.value, check.served) == ("corrections_at_most_worse", False, 0.2, 0.6)
    assert check.sentence.startswith("on 20 corrections, accuracy 0.2 is 0.4 worse than version 3's 0.6 (at most 0; ")
    assert (told["n"], told["metrics"]["accuracy"], told["served"]["accuracy"]) == (20, 0.2, 0.6)


def test_a_verdict_with_corrections_says_what_was_read_before_and_now():
    served = Served(version=3, metrics={"accuracy": 0.5, "macro_f1": 0.5}, n=2, how="evaluated")
    held = ({("7", "7"): 2}, served)
    rule = Gate(min_examples=1, min_class_examples=0, corrections_at_most_worse={"accuracy": 0.0})
    judged = gate.judge("digits", rule, classification, {("1", "1"): 9}, None, "", (), held)
    assert judged["blessed"]
    assert judged["n"] == 9
    assert "on 2 held corrections: accuracy 1.0000, was 0.5000" in gate.summarize(judged).splitlines()[-1]
    worse = ({("7", "1"): 2}, served)
    assert not gate.judge("digits", rule, classification, {("1", "1"): 9}, None, "", (), worse)["blessed"]
