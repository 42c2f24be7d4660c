from __future__ import annotations

import pytest

from tfx_ocr.components.report import mistakes


def answer(source, label, answered, probability):
    return {
        "source": source,
        "group": "",
        "reference": label,
        "outputs": {"label": answered, "probability": probability},
    }


ANSWERS = [
    answer("a", "1", "1", 0.99),
    answer("b", "1", "7", 0.6),
    answer("d", "4", "9", 0.9),
    answer("c", "9", "4", 0.9),
    answer("e", "3", "5", 0.95),
]


def test_worst_mistakes_come_first_and_equal_ones_by_source():
    found = mistakes.select_worst(ANSWERS, mistakes.find_wrong_classes, most=10)
    assert [mistake["source"] for mistake in found] == ["e", "c", "d", "b"]
    assert found[0] == {"source": "e", "reference": "3", "hypothesis": "5", "badness": 0.95}


def test_no_more_mistakes_than_asked_for():
    found = mistakes.select_worst(iter(ANSWERS), mistakes.find_wrong_classes, most=2)
    assert [mistake["source"] for mistake in found] == ["e", "c"]


@pytest.mark.parametrize("answers", [[], [answer("a", "1", "1", 0.2)]], ids=["no_answer", "all_right"])
def test_no_mistakes_where_nothing_is_wrong(answers):
    assert mistakes.select_worst(answers, mistakes.find_wrong_classes, most=5) == []
