"""The worst mistakes of a model: of classes the wrong answers it was surest of, else those that are wrong in most."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rapidfuzz.distance import Levenshtein

from tfx_ocr.data import features, normalization
from tfx_ocr.data.normalization import normalize_text

Answer = Mapping[str, Any]
Mistake = dict[str, Any]


def select_worst(answers: Sequence[Answer], task: str, most: int) -> list[Mistake]:
    """The worst answers, worst first; equally bad ones in the order of their sources.

    Args:
        answers: lines of the Evaluator's `answers-*.jsonl`: `source`, `reference`, `answer` and the model's `outputs`.
        task: name in `JUDGES`.
        most: how many at most.

    Returns:
        `source`, `reference`, `hypothesis` and `badness` of each. A class is as bad as its probability, a text as its
        edits over its length, a page as its number of wrong fields. Of syllables also `answers`, the best first.
    """
    return heapq.nsmallest(most, JUDGES[task](answers), key=lambda mistake: (-mistake["badness"], mistake["source"]))


def list_judged_fields(references: Sequence[str]) -> set[str]:
    """Names of the fields that some reference (a JSON object) has: no other is judged."""
    return {name for reference in references for name in json.loads(reference)}


def _classes(answers: Sequence[Answer]) -> Iterator[Mistake]:
    for answer in answers:
        label = answer["outputs"][features.LABEL_OUT]
        if label != answer["reference"]:
            yield _mistake(answer, label, answer["outputs"][features.PROBABILITY_OUT])


def _syllables(answers: Sequence[Answer]) -> Iterator[Mistake]:
    for answer in answers:
        for mistake in _classes([answer]):
            yield {**mistake, "answers": list(answer["answer"])}


def _texts(answers: Sequence[Answer]) -> Iterator[Mistake]:
    for answer in answers:
        reference, read = normalize_text(answer["reference"]), normalize_text(answer["answer"])
        if reference != read:
            yield _mistake(answer, answer["answer"], Levenshtein.distance(reference, read) / max(len(reference), 1))


def _pages(answers: Sequence[Answer]) -> Iterator[Mistake]:
    judged = list_judged_fields([answer["reference"] for answer in answers])
    for answer in answers:
        wanted, given = json.loads(answer["reference"]), json.loads(answer["answer"])
        wrong = sum(
            normalization.normalize_exact(wanted.get(name, "")) != normalization.normalize_exact(given.get(name, ""))
            for name in judged
        )
        if wrong:
            yield _mistake(answer, answer["answer"], wrong)


def _mistake(answer: Answer, hypothesis: str, badness: float) -> Mistake:
    return {
        "source": answer["source"],
        "reference": answer["reference"],
        "hypothesis": hypothesis,
        "badness": badness,
    }


# task -> function of all answers: those that are wrong, and how bad each is (more is worse)
JUDGES: dict[str, Callable[[Sequence[Answer]], Iterator[Mistake]]] = {
    "classification": _classes,
    "syllables": _syllables,
    "sequence": _texts,
    "tagging": _pages,
}
