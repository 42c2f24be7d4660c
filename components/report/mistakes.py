"""The worst mistakes of a model: the most confident wrong classes, else the answers with most errors."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from rapidfuzz.distance import Levenshtein

from tfx_ocr.components.calibration import BEHIND
from tfx_ocr.data import features, normalization
from tfx_ocr.data.normalization import normalize_text
from tfx_ocr.data.page.overlaps import count_hits
from tfx_ocr.data.registry import load

Answer = Mapping[str, Any]
Mistake = dict[str, Any]
FindWrong = Callable[[Sequence[Answer]], Iterator[Mistake]]  # of all answers: wrong ones, and how bad each is


def select_worst(answers: Sequence[Answer], find_wrong: FindWrong, most: int) -> list[Mistake]:
    """Select the worst answers, worst first; equally bad ones in the order of their sources.

    Args:
        answers: lines of the Evaluator's `answers-*.jsonl`: `source`, `reference`, `answer` and the model's `outputs`.
        find_wrong: function of a task's `mistakes`.
        most: how many at most.

    Returns:
        `source`, `reference`, `hypothesis` and `badness` of each. A class is as bad as its probability, a text as its
        edits over its length, a page as its number of wrong fields. Of syllables also `answers`, the best first.
    """
    return heapq.nsmallest(most, find_wrong(answers), key=lambda mistake: (-mistake["badness"], mistake["source"]))


def get_finder(name: str) -> FindWrong:
    """Return what a task's `mistakes` names: a function of this module, or `module:function`."""
    return cast(FindWrong, load(name if ":" in name else f"{__name__}:{name}"))


def list_judged_fields(references: Sequence[str]) -> set[str]:
    """Return the names of the fields that some reference (a JSON object) has: only these are judged."""
    return {name for reference in references for name in json.loads(reference)}


def find_wrong_classes(answers: Sequence[Answer]) -> Iterator[Mistake]:
    """Yield wrong classes, each as bad as its probability."""
    for answer in answers:
        label = answer["outputs"][features.LABEL_OUT]
        if label != answer["reference"]:
            yield _mistake(answer, label, answer["outputs"][features.PROBABILITY_OUT])


def select_right(answers: Sequence[Answer], most: int) -> list[Mistake]:
    """Select right classes, the least confident first: as `select_worst` has wrong ones, `badness` the probability."""
    label, probability = features.LABEL_OUT, features.PROBABILITY_OUT
    right = (
        _mistake(each, each["outputs"][label], each["outputs"][probability])
        for each in answers
        if each["outputs"].get(label) == each["reference"]
    )
    return heapq.nsmallest(most, right, key=lambda each: (each["badness"], each["source"]))


def find_wrong_syllables(answers: Sequence[Answer]) -> Iterator[Mistake]:
    """Yield wrong syllables as `find_wrong_classes` does, each with all its `answers`."""
    for answer in answers:
        for mistake in find_wrong_classes([answer]):
            yield {**mistake, "answers": list(answer["answer"].partition(BEHIND)[0])}


def find_wrong_texts(answers: Sequence[Answer]) -> Iterator[Mistake]:
    """Yield wrong texts, each as bad as its edits over the length of its reference."""
    for answer in answers:
        reference, read = normalize_text(answer["reference"]), normalize_text(answer["answer"])
        if reference != read:
            yield _mistake(answer, answer["answer"], Levenshtein.distance(reference, read) / max(len(reference), 1))


def find_wrong_pages(answers: Sequence[Answer]) -> Iterator[Mistake]:
    """Yield pages with wrong fields, each as bad as their number."""
    judged = list_judged_fields([answer["reference"] for answer in answers])
    for answer in answers:
        wanted, given = json.loads(answer["reference"]), json.loads(answer["answer"])
        wrong = sum(
            normalization.normalize_exact(wanted.get(name, "")) != normalization.normalize_exact(given.get(name, ""))
            for name in judged
        )
        if wrong:
            yield _mistake(answer, answer["answer"], wrong)


def find_wrong_shapes(answers: Sequence[Answer]) -> Iterator[Mistake]:
    """Yield pages on which shapes are missed or found in vain, each as bad as what its H-mean lacks of 1."""
    for answer in answers:
        counts = count_hits(answer["reference"], answer["answer"]).values()
        hits, both = (
            sum(each) for each in zip((0, 0), *((found[0], found[1] + found[2]) for found in counts), strict=True)
        )
        if 2 * hits < both:
            yield _mistake(answer, answer["answer"], 1.0 - 2 * hits / both)


def _mistake(answer: Answer, hypothesis: str, badness: float) -> Mistake:
    return {
        "source": answer["source"],
        "reference": answer["reference"],
        "hypothesis": hypothesis,
        "badness": badness,
    }
