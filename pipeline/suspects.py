"""Labels of the data that are probably wrong: models that never saw a record disagree with it, and are sure."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from tfx_ocr.components.evaluator import records as of_records
from tfx_ocr.components.evaluator.metrics.pairs import get_text
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data import features
from tfx_ocr.data.normalization import normalize_text
from tfx_ocr.data.record import Record
from tfx_ocr.data.record_file import serialize
from tfx_ocr.pipeline.evaluation import list_records, prepare_record
from tfx_ocr.pipeline.repeats import find_artifact, read_answers
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving.locations import Location, open_model
from tfx_ocr.serving.review.queue import LABEL, Queue

CLASSES, TEXTS = ("classification", "syllables"), ("sequence",)  # tasks whose labels can be suspected
ALIKE = 100  # records nearest in confidence that tell how many edits are expected
SLIPS = 0.01  # edits a character that are expected of any text


class Answer(NamedTuple):
    """What a model says to a record.

    Attributes:
        record: its digest, see `components.evaluator.records.digest_record`.
        source: of the record.
        label: that the data gives it.
        answer: of the model.
        probability: of the answer, 0 to 1.
    """

    record: str
    source: str
    label: str
    answer: str
    probability: float


class Suspect(NamedTuple):
    """A label in doubt.

    Attributes:
        answer: the record and what a model says to it.
        score: how suspicious the label is, 0 to 1.
    """

    answer: Answer
    score: float


def refuse_task(recipe: Recipe) -> None:
    """Raise ValueError where a recipe's labels are not classes, syllables or lines."""
    if recipe.task not in (*CLASSES, *TEXTS):
        known = ", ".join((*CLASSES, *TEXTS))
        raise ValueError(f"{recipe.name}: suspect labels of task {recipe.task!r} cannot be found; those of {known} can")


def read_folds(folds: Sequence[Settings]) -> list[Answer]:
    """Return the answers to every record, each by the model of the fold that tested it."""
    return [
        Answer(
            found["record"],
            found["source"],
            found["reference"] if isinstance(found["reference"], str) else found["reference"][0],
            found["outputs"][features.LABEL_OUT],
            found["outputs"][features.PROBABILITY_OUT],
        )
        for fold in folds
        for found in read_answers(find_artifact(fold, "Evaluator", "evaluation"))
    ]


def ask_model(recipe: Recipe, data: Path, location: Location) -> list[Answer]:
    """Return what one model says to every record of the data, which it may have learnt from."""
    given = list(list_records(recipe, data))
    raws = [serialize(prepare_record(record)) for record in given]
    with open_model(location) as model:
        outputs = list(of_records.predict_outputs(model, raws))
    return [
        Answer(
            of_records.digest_record(raw),
            record.source,
            record.get_bytes(features.LABEL).decode(),
            get_text(found, features.LABEL_OUT),
            float(found[features.PROBABILITY_OUT]),
        )
        for raw, record, found in zip(raws, given, outputs, strict=True)
    ]


def find_suspects(recipe: Recipe, answers: Sequence[Answer]) -> list[Suspect]:
    """Return the labels in doubt, the most suspicious first; ties in the order of their sources.

    Args:
        recipe: the recipe.
        answers: to records that the model did not learn from.
    """
    found = _suspect_classes(answers) if recipe.task in CLASSES else _suspect_texts(answers)
    return sorted(found, key=lambda each: (-each.score, each.answer.source))


def _suspect_classes(answers: Sequence[Answer]) -> Iterator[Suspect]:
    """Yield labels whose record another class claims with at least the mean probability of its own records.

    Source: Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021: the
    thresholds of the confident joint. A label scores the probability of the other class.
    """
    sure: dict[str, list[float]] = collections.defaultdict(list)
    for each in answers:
        if each.answer == each.label:
            sure[each.label].append(each.probability)
    for each in answers:
        own = sure.get(each.answer)  # a class whose records are all answered otherwise claims none
        if each.answer != each.label and own and each.probability >= sum(own) / len(own):
            yield Suspect(each, each.probability)


def _suspect_texts(answers: Sequence[Answer]) -> Iterator[Suspect]:
    """Yield texts that were read with half as many edits again as are expected at such a confidence, or more.

    Expected is the share of edits among the `ALIKE` other records nearest in confidence, and `SLIPS` in any case. A
    text scores its share of edits over the sum of both. So what a model reads poorly and knows it comes after what it
    reads well and is labelled otherwise, and one missing word counts though it lowers the confidence of its line.
    """
    pairs = [
        (each, normalize_text(each.label), normalize_text(each.answer))
        for each in sorted(answers, key=lambda each: (each.probability, each.source))
    ]
    edits = [Levenshtein.distance(label, answer) for _, label, answer in pairs]
    lengths = [max(len(label), len(answer)) for _, label, answer in pairs]
    edits_before, lengths_before = ([0, *itertools.accumulate(each)] for each in (edits, lengths))
    for place, (each, _, _) in enumerate(pairs):
        first = max(0, min(place - ALIKE // 2, len(pairs) - ALIKE - 1))
        last = min(first + ALIKE + 1, len(pairs))
        of_others = edits_before[last] - edits_before[first] - edits[place]
        length_of_others = lengths_before[last] - lengths_before[first] - lengths[place]
        share = edits[place] / max(lengths[place], 1)
        expected = SLIPS + of_others / max(length_of_others, 1)
        if share >= 1.5 * expected:
            yield Suspect(each, share / (share + expected))


def offer_suspects(queue: Queue, recipe: Recipe, data: Path, suspects: Sequence[Suspect]) -> int:
    """Offer labels in doubt to a review queue, with the models' answers as other readings; return how many are kept.

    What reviewers decide replaces the labels when the recipe is retrained.
    """
    wanted = {each.answer.record: each for each in suspects}
    found: dict[str, Record] = {}
    for record in list_records(recipe, data):
        digest = of_records.digest_record(serialize(prepare_record(record)))
        if digest in wanted:
            found[digest] = record
    kept = 0
    for each in suspects:  # the most suspicious first
        if record := found.get(each.answer.record):
            queue.keep(
                prepare_record(record).get_bytes(features.IMAGE),
                each.answer.label,
                1 - each.score,
                reason=f"label in doubt: a model reads {each.answer.answer or 'nothing'}",
                recipe=recipe.name,
                version=LABEL,
                document=record.group or record.source,
                place=record.source,
                runners_up=[(each.answer.answer, each.answer.probability)] if each.answer.answer else [],
            )
            kept += 1
    return kept
