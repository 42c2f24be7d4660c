import collections

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from tfx_ocr.components.evaluator import metrics
from tfx_ocr.components.evaluator.metrics import classification

# a: 2 of 3 found, b: 1 of 1 found but answered twice
PAIRS = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b")]


def test_metrics_are_those_worked_out_by_hand():
    found = classification.metrics(PAIRS)
    assert found == pytest.approx(
        {
            "accuracy": 3 / 4,
            "macro_precision": (1 + 1 / 2) / 2,
            "macro_recall": (2 / 3 + 1) / 2,
            "macro_f1": (4 / 5 + 2 / 3) / 2,  # not the F1 of the two lines above, 0.7895
        }
    )


def test_classes_are_those_worked_out_by_hand():
    assert classification.classes(PAIRS) == {
        "a": {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": pytest.approx(0.8), "support": 3},
        "b": {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1},
    }


def test_a_class_that_is_only_answered_counts_with_zero():
    # "c" was never the label: recall, precision and F1 0, over three classes
    found = classification.metrics([*PAIRS, ("b", "c")])
    assert found["macro_recall"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert classification.classes([*PAIRS, ("b", "c")])["c"] == {
        "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0,
    }  # fmt: skip


def test_a_count_gives_what_the_pairs_give():
    counted = collections.Counter(PAIRS)
    for function in (classification.metrics, classification.classes, classification.intervals):
        assert function(counted) == function(PAIRS) == function(reversed(PAIRS))


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
    found = classification.metrics(pairs)
    macro = precision_recall_fscore_support(truth, answered, average="macro", zero_division=0)[:3]
    expected = dict(zip(classification.NAMES, (accuracy_score(truth, answered), *macro), strict=True))
    assert found == pytest.approx(expected, abs=1e-9)

    names = sorted({*truth, *answered})
    columns = precision_recall_fscore_support(truth, answered, labels=names, zero_division=0)
    per_class = classification.classes(pairs)
    assert list(per_class) == names
    for column, name in zip(columns, ("precision", "recall", "f1", "support"), strict=True):
        np.testing.assert_allclose([per_class[each][name] for each in names], column, atol=1e-9)


def test_no_answers_are_refused():
    for function in (classification.metrics, classification.classes, classification.intervals):
        with pytest.raises(ValueError, match="no answers to judge"):
            function([])


def test_interval_of_accuracy_is_the_binomials():
    # 900 of 1,000: standard error sqrt(0.9 * 0.1 / 1000) = 0.0095, so 0.9 -+ 1.96 * 0.0095
    low, high = classification.intervals({("a", "a"): 450, ("b", "b"): 450, ("a", "b"): 50, ("b", "a"): 50})["accuracy"]
    assert low == pytest.approx(0.8814, abs=0.0025)
    assert high == pytest.approx(0.9186, abs=0.0025)


def test_interval_holds_the_metric_even_with_few_examples_a_class():
    generator = np.random.default_rng(0)
    pairs = [(str(i % 500), str(i % 500 if generator.random() < 0.9 else i % 499)) for i in range(2000)]
    found, ranges = classification.metrics(pairs), classification.intervals(pairs)
    for name in classification.NAMES:
        low, high = ranges[name]
        assert 0 <= low < found[name] < high <= 1


def test_interval_depends_on_the_seed_alone():
    assert classification.intervals(PAIRS) == classification.intervals(PAIRS)
    assert classification.intervals(PAIRS * 50, seed=1) != classification.intervals(PAIRS * 50, seed=2)


def test_interval_of_a_model_without_mistakes_is_a_point():
    assert classification.intervals([("a", "a"), ("b", "b")] * 10)["accuracy"] == (1.0, 1.0)


def test_a_task_without_metrics_names_those_that_have():
    assert metrics.family("classification") is classification
    with pytest.raises(ValueError, match="no metrics for task 'detection'; known: classification"):
        metrics.family("detection")
