from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.components.calibration import RANGE, calibrate, list_bins, measure_error

SURE = np.log(9.0)  # against 0, in two classes: a probability of 0.9


def test_temperature_makes_the_probability_the_share_of_right_answers():
    """Four answers of probability 0.9, three right: ln 3 has a probability of 0.75, so the temperature is 2."""
    logits = np.array([[SURE, 0.0]] * 4)
    found = calibrate(logits, np.array([0, 0, 0, 1]), (2,))
    assert found.temperature == pytest.approx(2.0, rel=1e-5)  # ln 9 / ln 3
    assert (found.n, found.wrong) == (4, 1)
    assert found.before == pytest.approx(0.15)
    assert found.after == pytest.approx(0.0, abs=1e-6)


def test_probabilities_that_are_too_low_are_raised():
    """Nine right of ten with logits of ln 3: the temperature is a half."""
    found = calibrate(np.array([[np.log(3.0), 0.0]] * 10), np.array([1] + [0] * 9), (2,))
    assert found.temperature == pytest.approx(0.5, rel=1e-5)


def test_heads_share_one_temperature_and_an_answer_is_right_with_all_of_them():
    """Of four answers one misses the first head and another the second: each head is right in three of four."""
    logits = np.array([[SURE, 0.0, SURE, 0.0]] * 4)
    found = calibrate(logits, np.array([[0, 0], [0, 0], [1, 0], [0, 1]]), (2, 2))
    assert found.temperature == pytest.approx(2.0, rel=1e-5)
    assert found.wrong == 2
    assert found.before == pytest.approx(0.81 - 0.5)  # 0.9 * 0.9 against two of four
    assert found.after == pytest.approx(0.75**2 - 0.5)


def test_without_a_wrong_answer_nothing_is_changed():
    found = calibrate(np.array([[SURE, 0.0]] * 3), np.zeros(3, int), (2,))
    assert (found.temperature, found.wrong) == (1.0, 0)
    assert found.before == found.after == pytest.approx(0.1)


def test_a_network_that_is_always_wrong_gets_the_highest_temperature():
    found = calibrate(np.array([[SURE, 0.0]] * 3), np.ones(3, int), (2,))
    assert found.temperature == pytest.approx(RANGE[1], rel=1e-5)


def test_error_is_a_mean_over_bins_by_their_number_of_examples():
    # 15 bins of a fifteenth: 0.5 lies in the 8th, 0.95 and 1 in the last
    confidences, right = np.array([0.5, 0.5, 0.95, 1.0]), np.array([True, True, True, False])
    assert measure_error(confidences, right) == pytest.approx((2 * 0.5 + 2 * (0.975 - 0.5)) / 4)
    assert [(n, accuracy) for _, _, n, _, accuracy in list_bins(confidences, right)] == [(2, 1.0), (2, 0.5)]
