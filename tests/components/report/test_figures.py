from __future__ import annotations

import pytest

from tfx_ocr.components.report import figures


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.93, 0.99, [0.92, 0.94, 0.96, 0.98, 1.0]),
        (0.0, 2.31, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]),
        (1200.0, 3900.0, [1000.0, 2000.0, 3000.0, 4000.0]),
        (5.0, 5.0, [5.0, 5.1]),
        (0.0, 0.0, [0.0, 0.1]),
    ],
    ids=["unit", "high_accuracy", "loss", "large", "one_value", "zero"],
)
def test_ticks_are_round_and_cover_the_values(low, high, expected):
    ticks = figures.choose_ticks(low, high)
    assert len(ticks) <= 6
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert ticks == pytest.approx(expected)


def test_line_chart_places_values_between_its_axes():
    chart = figures.draw_line_chart([1, 2, 3], {"train": [0.0, 0.5, 1.0]})
    left, top, right, bottom = chart["plot"]
    assert (left, top, right, bottom) == (46, 12, 468, 206)
    # epoch 1 at the left, 3 at the right; 0 at the bottom, 1 at the top, 0.5 between: (12 + 206) / 2
    assert chart["curves"] == [{"name": "train", "paths": ["46.0,206.0 257.0,109.0 468.0,12.0"], "dots": []}]
    assert chart["x_ticks"] == [(46.0, "1"), (257.0, "2"), (468.0, "3")]
    assert chart["y_ticks"][0] == (206.0, "0")
    assert chart["y_ticks"][-1] == (12.0, "1")


def test_line_chart_has_a_gap_where_a_value_is_missing():
    chart = figures.draw_line_chart([1, 2, 3, 4], {"eval": [0.0, None, 1.0, 1.0]})
    (line,) = chart["curves"]
    assert line["dots"] == [(46.0, 206.0)]
    assert line["paths"] == ["327.3,12.0 468.0,12.0"]  # epoch 3: 46 + 422 * 2 / 3


def test_line_chart_of_one_epoch_is_a_dot():
    chart = figures.draw_line_chart([1], {"train": [0.4]})
    assert chart["curves"][0]["paths"] == []
    assert len(chart["curves"][0]["dots"]) == 1


def test_line_chart_of_nothing_known_has_axes_and_no_line():
    chart = figures.draw_line_chart([1, 2], {"train": [None, None]})
    assert chart["curves"] == [{"name": "train", "paths": [], "dots": []}]
    assert chart["y_ticks"]
