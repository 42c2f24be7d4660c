"""Metrics of counted pairs, and how sure they are."""

import collections

import numpy as np
import pytest

from tfx_ocr.components.evaluator.metrics import bootstrap, classification, text

PAIRS = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b")]


def test_a_count_gives_what_the_pairs_give():
    counted = collections.Counter(PAIRS)
    for function in (bootstrap.compute_metrics, bootstrap.compute_intervals):
        assert function(classification, counted) == function(classification, PAIRS)
        assert function(classification, PAIRS) == function(classification, reversed(PAIRS))


def test_no_answers_are_refused():
    for function in (bootstrap.compute_metrics, bootstrap.compute_intervals, bootstrap.compute_differences):
        with pytest.raises(ValueError, match="no answers to judge"):
            function(classification, {})


def test_interval_of_accuracy_is_the_binomials():
    # 900 of 1,000: standard error sqrt(0.9 * 0.1 / 1000) = 0.0095, so 0.9 -+ 1.96 * 0.0095
    pairs = {("a", "a"): 450, ("b", "b"): 450, ("a", "b"): 50, ("b", "a"): 50}
    low, high = bootstrap.compute_intervals(classification, pairs)["accuracy"]
    assert low == pytest.approx(0.8814, abs=0.0025)
    assert high == pytest.approx(0.9186, abs=0.0025)


def test_interval_holds_the_metric_even_with_few_examples_a_class():
    generator = np.random.default_rng(0)
    pairs = [(str(i % 500), str(i % 500 if generator.random() < 0.9 else i % 499)) for i in range(2000)]
    found, ranges = bootstrap.compute_metrics(classification, pairs), bootstrap.compute_intervals(classification, pairs)
    for name in classification.NAMES:
        low, high = ranges[name]
        assert 0 <= low < found[name] < high <= 1


def test_interval_depends_on_the_seed_alone(monkeypatch):
    found = bootstrap.compute_intervals(classification, PAIRS * 50, seed=1)
    assert bootstrap.compute_intervals(classification, PAIRS * 50, seed=2) != found
    assert bootstrap.compute_intervals(classification, PAIRS * 50, resamples=1000, seed=1) == found
    for pairs in (7, 9, 1):  # two tests at a time, three, which 1,000 do not divide into, and one
        monkeypatch.setattr(bootstrap, "AT_ONCE", pairs)
        assert bootstrap.compute_intervals(classification, PAIRS * 50, seed=1) == found


def test_interval_of_a_model_without_mistakes_is_a_point():
    assert bootstrap.compute_intervals(classification, [("a", "a"), ("b", "b")] * 10)["accuracy"] == (1.0, 1.0)


def test_interval_of_a_rate_may_lie_above_1():
    low, high = bootstrap.compute_intervals(text, {("a", "bcd"): 10, ("ab", "ab"): 1})["cer"]
    assert 1 < low < 30 / 12 < high


def test_a_pair_of_models_is_told_apart_where_each_alone_is_not_sure():
    # 400 hard records both get wrong: each accuracy is unsure by 0.06, the difference hangs on the 8 alone
    triples = {("a", "a", "a"): 592, ("a", "b", "b"): 400, ("a", "b", "a"): 8}
    low, high = bootstrap.compute_differences(classification, triples)["accuracy"]
    # standard error sqrt(0.008 * 0.992 / 1000) = 0.0028
    assert low == pytest.approx(0.008 - 1.96 * 0.0028, abs=0.0015)
    assert high == pytest.approx(0.008 + 1.96 * 0.0028, abs=0.0015)


def test_what_is_found_by_one_and_lost_by_the_other_is_chance():
    triples = {("a", "a", "a"): 360, ("a", "b", "a"): 12, ("a", "a", "b"): 8}
    low, high = bootstrap.compute_differences(classification, triples)["accuracy"]
    assert low < 0 < 4 / 380 < high


@pytest.mark.parametrize(("lost", "sure"), [(3, False), (4, True)])
def test_so_many_records_lost_and_none_won_are_no_chance(lost, sure):
    # a resample of none of them comes in exp(-3) = 5 %, exp(-4) = 2 %
    low, _ = bootstrap.compute_differences(classification, {("a", "a", "a"): 400 - lost, ("a", "b", "a"): lost})[
        "accuracy"
    ]
    assert (low > 0) is sure


def test_two_models_that_answer_alike_differ_by_nothing():
    found = bootstrap.compute_differences(text, {("abc", "abd", "abd"): 5, ("a", "a", "a"): 5})
    assert set(found.values()) == {(0.0, 0.0)}


def test_worse_is_more_of_an_error_rate_and_less_of_the_rest():
    found = bootstrap.compute_differences(text, {("abcd", "abxd", "abcd"): 20})
    assert found["cer"] == pytest.approx((0.25, 0.25))
    assert found["exact_lines"] == pytest.approx((1.0, 1.0))
    better = bootstrap.compute_differences(text, {("abcd", "abcd", "abxd"): 20})
    assert better["cer"] == pytest.approx((-0.25, -0.25))
