"""Hangul: the best answer, the best five, and the three jamo."""

import collections

import numpy as np
import pytest

from tfx_ocr.components.evaluator.metrics import bootstrap, classification, syllables

# 한 right; 글 second of five; 가 sixth of six, its 나 with another initial; 각 read as 간: another final
PAIRS = [("한", "한글가나다"), ("글", "극글나다라"), ("가", "나다라마바가"), ("각", "간갇갈감갑")]


def test_the_pair_is_the_syllable_and_all_that_were_answered():
    outputs = {"label": np.array("한".encode()), "labels": np.array([each.encode() for each in "한하핫"])}
    assert syllables.make_pair({"label": ["한".encode()]}, outputs) == ("한", "한하핫")


def test_metrics_are_those_worked_out_by_hand():
    found = bootstrap.compute_metrics(syllables, PAIRS)
    assert found == pytest.approx(
        {
            "accuracy": 1 / 4,
            "top_5": 2 / 4,
            # seen as label or best answer: 한 글 가 각 극 나 간, one of them found
            "macro_precision": 1 / 7,
            "macro_recall": 1 / 7,
            "macro_f1": 1 / 7,
            "initial_accuracy": 3 / 4,
            "medial_accuracy": 4 / 4,
            "final_accuracy": 2 / 4,  # 한, and 나 for 가: none for none
        }
    )
    assert tuple(found) == syllables.NAMES


def test_the_best_answers_are_judged_as_any_classification():
    best = [(label, answer[0]) for label, answer in PAIRS]
    assert syllables.measure_classes(PAIRS) == classification.measure_classes(best)
    for name in classification.NAMES:
        assert (
            bootstrap.compute_metrics(syllables, PAIRS)[name] == bootstrap.compute_metrics(classification, best)[name]
        )


def test_confusion_is_of_the_best_answers_and_adds_up():
    pairs = collections.Counter({("한", "한글"): 2, ("한", "한나"): 1, ("글", "한글"): 4})
    assert syllables.count_confusions(pairs) == {("한", "한"): 3, ("글", "한"): 4}


@pytest.mark.parametrize("answer", ["", "x", "ㅎ"], ids=["nothing", "latin", "jamo"])
def test_what_is_no_syllable_is_wrong_in_every_part(answer):
    found = bootstrap.compute_metrics(syllables, [("한", answer)])
    assert [found[name] for name in ("accuracy", "top_5", *syllables.PARTS)] == [0] * 5


def test_a_reference_that_is_no_syllable_is_refused():
    with pytest.raises(ValueError, match=r"'ㅎ'.*not a composed Hangul syllable"):
        bootstrap.compute_metrics(syllables, [("ㅎ", "한")])


def test_intervals_are_of_every_metric():
    found = bootstrap.compute_intervals(syllables, PAIRS * 20)
    assert set(found) == set(syllables.NAMES)
    low, high = found["top_5"]
    assert low < 0.5 < high
