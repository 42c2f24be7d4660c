"""The calibration error of counted pairs, by values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.components.calibration import measure_error
from tfx_ocr.components.evaluator import gate as gates
from tfx_ocr.components.evaluator.metrics import bootstrap, classification, get_metrics, syllables
from tfx_ocr.components.recipe import Gate

CLASSES, SYLLABLES = get_metrics("classification_calibrated"), get_metrics("syllables_calibrated")


def outputs(labels, probability):
    return {"label": np.array(labels[0].encode()), "labels": np.array([each.encode() for each in labels]),
            "probability": np.array(probability, np.float32)}  # fmt: skip


def test_a_pair_holds_the_probability_behind_the_answer():
    record = {"label": ["가".encode()]}
    assert SYLLABLES.make_pair(record, outputs(["각", "가"], 0.98768)) == ("가", "각가\t0.9877")
    assert CLASSES.make_pair({"label": [b"a"]}, outputs(["b", "a"], [0.5])) == ("a", "b\t0.5000")


def test_the_error_is_how_far_confidence_and_accuracy_lie_apart():
    # of four with 0.9 three are right: 0.15 apart; of two with 0.5 none is: 0.5 apart. (4 * 0.15 + 2 * 0.5) / 6
    pairs = {("a", "a\t0.9000"): 3, ("a", "b\t0.9000"): 1, ("b", "a\t0.5000"): 2}
    found = bootstrap.compute_metrics(CLASSES, pairs)
    assert found["calibration_error"] == pytest.approx(1.6 / 6)
    assert found["accuracy"] == 0.5
    assert found["calibration_error"] == pytest.approx(
        measure_error(np.array([0.9] * 4 + [0.5] * 2), np.array([True] * 3 + [False] * 3))
    )


def test_what_the_base_measures_is_the_same():
    pairs = {("가", "가각"): 3, ("각", "가각"): 2, ("간", "간"): 1}
    with_probability = {(label, f"{answer}\t0.{n}"): pairs[label, answer] for n, (label, answer) in enumerate(pairs)}
    plain, found = (bootstrap.compute_metrics(*each) for each in ((syllables, pairs), (SYLLABLES, with_probability)))
    assert {name: found[name] for name in plain} == plain
    assert found["top_5"] == 1.0
    assert SYLLABLES.measure_classes(with_probability) == syllables.measure_classes(pairs)
    split = {("가", "가\t0.1"): 1, ("가", "가\t0.2"): 2}
    assert CLASSES.count_confusions(split) == {("가", "가"): 3}
    assert CLASSES.CLASS_NAMES == classification.CLASS_NAMES


def test_a_gate_limits_it_from_above():
    gate = Gate(metrics="classification_calibrated", at_most={"calibration_error": 0.2}, min_examples=1)
    gates.refuse_unknown(gate, CLASSES)
    with pytest.raises(ValueError, match=r"gate\.at_least names 'calibration_error', of which less is better"):
        gates.refuse_unknown(Gate(at_least={"calibration_error": 0.2}), CLASSES)
    for probability, blessed in (("0.7900", False), ("0.8100", True)):
        verdict = gates.judge("t", gate, CLASSES, {("a", f"a\t{probability}"): 10}, None, "")
        assert verdict["blessed"] is blessed
        assert verdict["metrics"]["calibration_error"] == pytest.approx(1 - float(probability))
    assert "calibration_error" in verdict["lower_is_better"]
