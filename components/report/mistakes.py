"""The worst mistakes of a model: the wrong answers that it was surest of."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tfx_ocr.data import features


def worst(answers: Iterable[Mapping[str, Any]], task: str, most: int) -> list[dict[str, Any]]:
    """The worst answers, worst first; equally bad ones in the order of their sources.

    Args:
        answers: lines of the Evaluator's `answers-*.jsonl`: `source`, `reference` and the model's `outputs`.
        task: name in `JUDGES`.
        most: how many at most.

    Returns:
        `source`, `reference`, `hypothesis` and `badness` of each: its probability, for a classification.
    """
    judge = JUDGES[task]
    wrong = (
        {"source": answer["source"], "reference": answer["reference"], "hypothesis": hypothesis, "badness": badness}
        for answer in answers
        for hypothesis, badness in (judge(answer["outputs"]),)
        if hypothesis != answer["reference"]
    )
    return heapq.nsmallest(most, wrong, key=lambda mistake: (-mistake["badness"], mistake["source"]))


# task -> function of the outputs: what was answered, and how bad that is where it is wrong (more is worse)
JUDGES: dict[str, Callable[[Mapping[str, Any]], tuple[str, float]]] = {
    "classification": lambda outputs: (outputs[features.LABEL_OUT], outputs[features.PROBABILITY_OUT]),
}
