import collections
import sys
import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from tfx_ocr.components.evaluator import metrics
from tfx_ocr.components.evaluator.metrics import bootstrap, classification

# a: 2 of 3 found, b: 1 of 1 found but answered twice
PAIRS = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b")]


def test_metrics_are_those_worked_out_by_hand():
    found = bootstrap.compute_metrics(classification, PAIRS)
    assert found == pytest.approx(
        {
            "accuracy": 3 / 4,
            "macro_precision": (1 + 1 / 2) / 2,
            "macro_recall": (2 / 3 + 1) / 2,
            "macro_f1": (4 / 5 + 2 / 3) / 2,  # not the F1 of the two lines above, 0.7895
        }
    )


def test_classes_are_those_worked_out_by_hand():
    assert classification.measure_classes(PAIRS) == {
        "a": {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": pytest.approx(0.8), "support": 3},
        "b": {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1},
    }


def test_a_class_that_is_only_answered_counts_with_zero():
    # "c" was never the label: recall, precision and F1 0, over three classes
    found = bootstrap.compute_metrics(classification, [*PAIRS, ("b", "c")])
    assert found["macro_recall"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert classification.measure_classes([*PAIRS, ("b", "c")])["c"] == {
        "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0,
    }  # fmt: skip


def test_the_pair_is_the_records_label_and_the_answers():
    outputs = {"label": np.array(b"7"), "labels": np.array([b"7", b"1"]), "probability": np.array(0.9)}
    assert classification.make_pair({"label": [b"1"], "group": [b"w"]}, outputs) == ("1", "7")


def test_an_answer_without_a_label_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match="'label' is missing among probability, text"):
        classification.make_pair({"label": [b"1"]}, {"text": np.array(b"1"), "probability": np.array(0.9)})
    with pytest.raises(ValueError, match="'label' holds 2 texts"):
        classification.make_pair({"label": [b"1", b"2"]}, {"label": np.array(b"1")})


def test_a_count_gives_what_the_pairs_give():
    counted = collections.Counter(PAIRS)
    of_classes = classification.measure_classes(PAIRS)
    assert classification.measure_classes(counted) == classification.measure_classes(reversed(PAIRS)) == of_classes
    assert classification.count_confusions(counted) == classification.count_confusions(PAIRS) == counted


@pytest.mark.parametrize(
    ("classes", "answers", "wrong"),
    [(2, 50, 0.5), (10, 1000, 0.05), (10, 200, 1.0), (2350, 5000, 0.2), (11172, 20000, 0.3)],
    ids=["two", "digits", "all_wrong", "hangul_common", "hangul_sparse"],
)
def test_metrics_equal_scikit_learns(classes, answers, wrong):
    generator = np.random.default_rng(classes)
    labels = generator.integers(classes, size=answers)
    other = generator.integers(classes, size=answers)
    pairs = [
        (chr(0xAC00 + label), chr(0xAC00 + answer))
        for label, answer in zip(labels, np.where(generator.random(answers) < wrong, other, labels), strict=True)
    ]
    truth, answered = zip(*pairs, strict=True)
    found = bootstrap.compute_metrics(classification, pairs)
    macro = precision_recall_fscore_support(truth, answered, average="macro", zero_division=0)[:3]
    expected = dict(zip(classification.NAMES, (accuracy_score(truth, answered), *macro), strict=True))
    assert found == pytest.approx(expected, abs=1e-9)

    names = sorted({*truth, *answered})
    columns = precision_recall_fscore_support(truth, answered, labels=names, zero_division=0)
    per_class = classification.measure_classes(pairs)
    assert list(per_class) == names
    for column, name in zip(columns, ("precision", "recall", "f1", "support"), strict=True):
        np.testing.assert_allclose([per_class[each][name] for each in names], column, atol=1e-9)


def test_a_hundred_thousand_answers_take_a_few_calls_per_class_and_little_memory():
    generator = np.random.default_rng(0)
    labels = generator.integers(11172, size=100_000)
    answers = np.where(generator.random(labels.size) < 0.3, generator.integers(11172, size=labels.size), labels)
    pairs = collections.Counter((chr(0xAC00 + a), chr(0xAC00 + b)) for a, b in zip(labels, answers, strict=True))
    calls = collections.Counter()
    tracemalloc.start()
    sys.setprofile(lambda frame, event, argument: calls.update([event]))
    try:
        bootstrap.compute_metrics(classification, pairs)
        classification.measure_classes(pairs)
    finally:
        sys.setprofile(None)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert calls["call"] + calls["c_call"] < 10 * 11172
    assert most < 50_000_000  # bytes, where a table of labels by answers takes a billion


def test_unknown_metrics_are_answered_with_the_known_ones():
    assert metrics.get_metrics("classification") is classification
    with pytest.raises(
        ValueError, match=r"no metrics 'detection'; known: classification, classification_calibrated, fields, shapes, "
    ):
        metrics.get_metrics("detection")
