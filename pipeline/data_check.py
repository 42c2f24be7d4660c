"""Look at a recipe's data before a run: what would be set aside, how it is divided, and what is too little."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np

from tfx_ocr.components.artifacts import SPLITS
from tfx_ocr.components.example_gen import account
from tfx_ocr.components.example_gen.splits import Divider
from tfx_ocr.components.recipe import Recipe, Split
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer.stages import choose_records
from tfx_ocr.data import features, images, validation
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.record import Record
from tfx_ocr.data.registry import load_named
from tfx_ocr.data.survey import Seen, Survey, survey_data
from tfx_ocr.data.synthetic import OF_DATA

SECONDS = 0.5  # of a core, that the data is looked at for
FEW = 5  # groups, below which a split by group says little about new ones
NAMED = 5  # classes, or pictures, that are named
FEWEST = 100  # records that were looked at, for shares of splits to say something
MOST_COMPARED = 3000  # pictures of a split
NEAR = 2.5  # grey levels by which thumbnails of one picture differ at most, root mean square


def check_data(recipe: Recipe, data: Path, seconds: float = SECONDS) -> list[str]:
    """Look at the data of a recipe, without TensorFlow and in about `seconds`.

    Args:
        recipe: one that `check_recipe` lets pass.
        data: folder that one of its readers supports.
        seconds: to look for; 0 for all of the data.

    Returns:
        Lines for the console: what there is and how it is divided, what is set aside, what is too little.

    Raises:
        ValueError: ExampleGen or Trainer would stop the run; one sentence says why.
    """
    alphabet, needed = get_alphabet(recipe.alphabet), get_task(recipe.task).records

    def find_problem(record: Record, decode: bool) -> str | None:
        reason = validation.find_problem(record, alphabet, needed)
        if not reason and features.IMAGE in record.features:
            reason = images.find_problem(record.get_bytes(features.IMAGE), *recipe.examples.sizes, decode=decode)
        return reason

    survey = survey_data(data, recipe.examples.readers, find_problem, seconds)
    divided = divide(survey.kept, recipe.examples.split)
    rejected = survey.rejected + list(find_copies(divided))
    kept = [(split, each) for split, each in divided if split]
    if survey.complete:
        rejected += [(each.source, "no group: the recipe splits by group") for split, each in divided if not split]
        copies = {source for source, _ in rejected}
        kept = [(split, each) for split, each in kept if each.source not in copies]
    counts = collections.Counter((split, each.label) for split, each in kept)
    counts.update(("given", f'["{each.split}", "{each.place}"]') for _, each in kept if each.split)
    classes = alphabet.CLASSES if get_task(recipe.task).lists_labels else ()
    summary = account.summarize(survey.reader, counts.items(), rejected, ())
    refusal = account.explain_refusal(summary, rejected, recipe.examples, str(data), "", recipe.name)
    if refusal and (survey.complete or not kept):
        raise ValueError(refusal)
    if recipe.trainer.adversarial and survey.complete:
        found = {each.style for split, each in kept if split == "train"}
        if lacking := [style for style in map(bytes.decode, features.STYLES) if style not in found]:
            raise ValueError(
                f"trainer.adversarial needs records of both styles in train, and none says that it is {lacking[0]} "
                "(feature `style`, see docs/records.md)"
            )
    return [
        *_describe(survey, summary, rejected, recipe.examples.split),
        *_describe_synthetic(recipe, data, {each.label for split, each in kept if split == "train"}),
        *_describe_stages(recipe, [each.source for split, each in kept if split == "train"], survey.complete),
        *_find_too_few(kept, classes, survey, recipe),
        *find_doubles(survey.kept),
    ]


def divide(seen: Sequence[Seen], rule: Split) -> list[tuple[str, Seen]]:
    """Return each record with its split, as ExampleGen divides: "" where the rule needs a group that it lacks."""
    divider = Divider(rule, {each.split for each in seen if each.split})
    return [(divider.choose_split(each.split, get_key(each, rule)), each) for each in seen]


def get_key(seen: Seen, rule: Split) -> str:
    """Return what a rule never cuts in two: a record's digest, its file or its group."""
    return str(getattr(seen, {"record": "digest", "file": "file", "group": "group"}[rule.by]))


def find_copies(divided: Sequence[tuple[str, Seen]]) -> Iterator[tuple[str, str]]:
    """Yield source and reason of records whose picture is in a later split too, where ExampleGen keeps it."""
    stays: dict[str, tuple[int, str]] = {}
    for split, each in divided:
        if split:
            place = SPLITS.index(split), each.source
            stays[each.digest] = max(stays.get(each.digest, place), place, key=lambda one: one[0])
    for split, each in divided:
        if split and SPLITS.index(split) < stays[each.digest][0]:
            later, source = stays[each.digest]
            yield each.source, f"in two splits: the same picture is in {SPLITS[later]}, {source}"


def _describe(
    survey: Survey, summary: dict[str, Any], rejected: Sequence[tuple[str, str]], rule: Split
) -> Iterator[str]:
    """Yield what there is and how it is divided, and what is set aside."""
    looked = len(survey.seen)
    splits = summary["splits"]
    total = max(sum(splits.values()), 1)
    parts = [
        f"{split} {number:,}" if survey.complete else f"{split} {number / total:.0%}"
        for split, number in splits.items()
        if survey.complete or total >= FEWEST
    ]
    if not survey.complete:  # what is drawn of few may be empty
        summary = {**summary, "splits": {split: number or getattr(rule, split, 0) for split, number in splits.items()}}
    stated = account.describe_splits(summary).removeprefix("splits: ")
    count = ": ".join(filter(None, (survey.describe(), ", ".join(parts))))
    yield f"data: {survey.reader}, {count} ({stated}, by {rule.by})"
    if rejected:
        yield f"set aside: {len(rejected):,} ({len(rejected) / looked:.1%}): {account.describe_rejections(rejected)}"
    if unknown := account.describe_unknown(rejected):
        yield f"outside the alphabet: {unknown}; tfx-ocr new NAME --data FOLDER drafts a recipe whose alphabet has them"


def _describe_synthetic(recipe: Recipe, data: Path, texts: Set[str]) -> Iterator[str]:
    """Yield how many lines are drawn of the texts of train, and by what; raise ValueError where no font can."""
    if count := recipe.examples.synthetic:
        drawing = load_named(OF_DATA, recipe.task, "drawing")(data, texts)
        lacking = sum(not any(set(text) <= inked for inked in drawing.inked) for text in texts)
        more = (
            f"; {lacking} of {len(texts)} texts have letters that no font has: put fonts into {data}" if lacking else ""
        )
        yield f"synthetic: {count:,} lines are drawn in {len(drawing.files)} fonts and added to train{more}"


def _describe_stages(recipe: Recipe, sources: Sequence[str], complete: bool) -> Iterator[str]:
    """Yield how many records each stage of the training has, where all were looked at; raise ValueError for none."""
    if not complete:
        return
    sources = [*sources, *[features.SYNTHETIC] * recipe.examples.synthetic]
    for stage in recipe.trainer.stages:
        choice = choose_records(stage, sources, recipe.trainer.seed)
        count = choice.records if choice else len(sources)
        yield f"stage {stage.name}: {stage.epochs} x {count:,} records of train"


def _find_too_few(
    kept: Sequence[tuple[str, Seen]], classes: Sequence[str], survey: Survey, recipe: Recipe
) -> Iterator[str]:
    """Yield what there is too little of to learn from or to judge by."""
    groups = {each.group for _, each in kept}
    if recipe.examples.split.by == "group" and len(groups) < FEW:
        yield f"too few: {len(groups)} groups, where {FEW} or more tell how new ones are read"
    if not survey.complete:
        return
    found = {split: {each.label for each_split, each in kept if each_split == split} for split in SPLITS}
    for split in SPLITS:
        lacking = [label for label in classes if label not in found[split]]
        if lacking and len(classes) <= len(kept):  # of thousands of syllables, most are never met
            more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
            yield f"too few: {split} has no record of class {', '.join(lacking[:NAMED])}{more}"


def find_doubles(kept: Sequence[Seen]) -> Iterator[str]:
    """Yield which pictures stand under two labels, occur twice, or are nearly the same in two splits.

    A run uses both of two labels where the copies are of one split: those of an earlier split are set aside.
    """
    by_digest = collections.defaultdict(list)
    for each in kept:
        by_digest[each.digest].append(each)
    twice = [each for each in by_digest.values() if len({one.source for one in each}) > 1]  # not by its weight
    pairs = [(each[0], other) for each in twice for other in each[1:] if other.label != each[0].label]
    for first, other in pairs[:NAMED]:
        both = ": a run uses both" if (first.split, first.group) == (other.split, other.group) else ""
        said = f"{first.source} is {first.label!r}, {other.source} is {other.label!r}"
        yield f"the same picture under two labels: {said}{both}"
    if len(pairs) > NAMED:
        yield f"and {len(pairs) - NAMED:,} more pictures under two labels"
    if twice:
        copies = list(dict.fromkeys(each.source for each in twice[0]))
        more = f" and {len(copies) - NAMED:,} more" if len(copies) > NAMED else ""
        count = "1 picture occurs" if len(twice) == 1 else f"{len(twice):,} pictures occur"
        which = ":" if len(twice) == 1 else ", such as"
        yield f"{count} more than once{which} {', '.join(copies[:NAMED])}{more}"
    if near := find_near(kept):
        first, second = near[0]
        yield (
            f"{len(near):,} pictures are nearly those of another split, such as {first.source} ({first.split}) and "
            f"{second.source} ({second.split}): the test measures what was learned by heart"
        )


def find_near(kept: Sequence[Seen]) -> list[tuple[Seen, Seen]]:
    """Return pairs of pictures that differ by noise alone, though they are in two splits that the data states."""
    of_split = {
        split: [each for each in kept if each.split == split and each.thumbnail][:MOST_COMPARED] for split in SPLITS
    }
    pairs = []
    for first, second in itertools.combinations(SPLITS, 2):
        if not (of_split[first] and of_split[second]):
            continue
        ours, theirs = (
            np.array([np.frombuffer(each.thumbnail, np.uint8) for each in of_split[split]], np.float32)
            for split in (first, second)
        )
        squares = (ours**2).sum(1)[:, None] + (theirs**2).sum(1)[None] - 2 * ours @ theirs.T
        near = (squares / ours.shape[1] < NEAR**2) & (ours.std(1) > 3 * NEAR)[:, None]
        for row, column in np.argwhere(near):
            one, other = of_split[first][row], of_split[second][column]
            if (
                one.digest != other.digest
                and abs(one.size[0] * other.size[1] / (one.size[1] * other.size[0]) - 1) < 0.1
            ):
                pairs.append((one, other))
    return pairs
