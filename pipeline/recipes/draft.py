"""A recipe drafted from what data holds: every value is a choice with its reason, for its owner to change."""

from __future__ import annotations

import collections
import dataclasses
import math
import posixpath
import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfx_ocr.components.artifacts import SPLITS
from tfx_ocr.components.evaluator.metrics import choose_family, get_metrics
from tfx_ocr.components.evaluator.metrics.bootstrap import compute_metrics
from tfx_ocr.components.example_gen.account import classify_reason, describe_rejections
from tfx_ocr.components.recipe import (
    Examples,
    Gate,
    ImageAugmentation,
    Input,
    LineImage,
    Recipe,
    Serving,
    Split,
    Words,
)
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features, files, images, pretrained
from tfx_ocr.data.alphabets import get_alphabet, hangul
from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.data.page import check as pages
from tfx_ocr.data.readers import get_reader, labelled_csv, list_unread
from tfx_ocr.data.readers.shard import try_read
from tfx_ocr.data.readers.split_folders import list_inner_folders
from tfx_ocr.data.readers.table import NOT_UTF8
from tfx_ocr.data.record import Record
from tfx_ocr.data.survey import Seen, Survey, survey_data
from tfx_ocr.pipeline import data_check
from tfx_ocr.pipeline.recipes import get_recipe

# Readers by the order in which they are asked: each of the first knows one data set, the others any one's files.
OF_SETS = ("kalapa", "cinnamon", "sroie", "rvl_invoices", "kaggle_invoices")
OF_FILES = ("page_xml", "idx", "labelled_csv", "text_files", "image_folder", "tfrecord")
OF_NAMES = "file_names"  # where nothing else is found but a folder

SHOWN = 3  # files that are named where none can be read

SECONDS = 30.0  # that data is looked at for
UNLABELLED = ("no label", "not in a label's folder")  # kinds of reasons
FEWEST = 6  # records: two for each split
GROUPS = 6  # from which on a split by group is drawn
DIGITS = set("0123456789")
SEEDS = 200  # of the division that are tried
MOST_CHARACTERS = 256  # of a line: longer labels are not lines
SQUEEZED = 0.85  # of its natural width that a long line has: 0.7 is what `pixels.line` squeezes before it shrinks
MANY_CLASSES = 30  # of Hangul syllables, from which on initial, medial and final are learned apart


class Budget(NamedTuple):
    """What a recipe's network costs to train: measured by CPU time, for two cores.

    Attributes:
        per_s: training examples a second, at the size of the recipe that ships.
        steps: batches from which on more of them change little.
    """

    per_s: float
    steps: int


# What each task starts from: a recipe that ships, with its network and weights.
BASES = {"classification": "digits", "syllables": "hangul", "sequence": "lines", "tagging": "invoices"}
BUDGETS = {
    "small_cnn": Budget(500, 1000),
    "residual_cnn": Budget(250, 3000),
    "line_cnn": Budget(40, 3000),
    "word_attention": Budget(20, 1500),
}
FIXED_S = 75.0  # of a run on two cores, beside the training itself
MOST_EPOCHS = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft:
    """A recipe and why it is so.

    Attributes:
        recipe: the recipe.
        found: lines about the data.
        chosen: lines about the values.
        comments: by field of the recipe, for its file.
    """

    recipe: Recipe
    found: Sequence[str]
    chosen: Sequence[str]
    comments: Mapping[str, str]


def draft_recipe(name: str, data: Path, minutes: float) -> Draft:
    """Look at data and choose a recipe's values.

    Args:
        name: of the recipe.
        data: folder.
        minutes: that a run may take on two cores.

    Raises:
        ValueError: the data is of no known format or of several, or too little.
    """
    reader = choose_format(data)
    survey = survey_data(data, [reader], find_problem, SECONDS, thumbnails=True)
    if not survey.kept and any(classify_reason(reason) == "no entities" for _, reason in survey.rejected):
        reader = "page_lines"  # of pages whose words are nothing in particular the lines are what can be learned
        survey = survey_data(data, [reader], find_problem, SECONDS, thumbnails=True)
    kept = survey.kept
    if len(kept) < FEWEST:
        aside = (
            f" ({len(survey.rejected)} set aside, such as {': '.join(survey.rejected[0])})" if survey.rejected else ""
        )
        said = "too few to learn from and to judge by"
        raise ValueError(f"{len(kept)} records in {data}{aside}: {said}; give {FEWEST} records or more")
    labels = collections.Counter(label for each in kept for label in (each.entities or (each.label,)))
    if len(labels) == 1 and not kept[0].entities:
        raise ValueError(f"all {len(kept)} records in {data} have one label, {next(iter(labels))!r}: give two or more")
    task = choose_task(reader, kept, labels)
    # What reads 11,172 syllables is nearer to other writing than what reads ten digits: letters, errors halved
    base = get_recipe("hangul" if task == "classification" and not set(labels) <= DIGITS else BASES[task])
    split, why_split = choose_split(kept, survey.complete, task)
    divided = data_check.divide(kept, split)
    left_out = _count_left_out(data, survey, list(data_check.find_copies(divided)))
    train = max(1, round(sum(split == "train" for split, _ in divided) / len(kept) * survey.listed))
    spec, why_input = choose_input(base, survey, labels)
    steps_an_epoch, trainer = 0, base.trainer
    batch = min(trainer.batch_size, max(4, 2 ** round(math.log2(max(4, train / 12)))))
    steps_an_epoch = math.ceil(train / batch)
    if isinstance(trainer.augment, ImageAugmentation):  # a class may look like what is foreign to digits
        without = dataclasses.replace(trainer.augment, strangers=0.0, foreign="", familiar="")
        trainer = dataclasses.replace(trainer, augment=without)
    budget = BUDGETS[trainer.network]
    per_s = budget.per_s * _compare_sizes(base, spec)
    by_time = int((60 * minutes - FIXED_S) * per_s / train)
    epochs = max(1, min(by_time, MOST_EPOCHS, max(3, math.ceil(budget.steps / steps_an_epoch))))
    trainer = dataclasses.replace(
        trainer,
        batch_size=batch,
        epochs=epochs,
        initial_weights=base.pretrained,
        optimizer=dataclasses.replace(trainer.optimizer, ema=0.99),
        exported="last_epoch" if sum(split == "eval" for split, _ in divided) < 100 else trainer.exported,
    )
    alphabet, why_alphabet = choose_alphabet(task, labels)
    gate, why_gate = choose_gate(base, task, divided, survey, labels)
    recipe = dataclasses.replace(
        base,
        name=name,
        input=spec,
        task=task,
        alphabet=alphabet,
        schema="",
        sample="",
        pretrained="",
        examples=Examples(
            readers=tuple(dict.fromkeys((reader, "tfrecord"))),  # of the data, and of corrections
            split=split,
            min_side=base.examples.min_side,
            max_rejected=_round_up(min(1.0, Examples.max_rejected + left_out / len(survey.seen)), 2),
        ),
        trainer=trainer,
        trainers={},
        gate=gate,
        serving=Serving(top_n=min(5, len(labels)), trial_requests=4) if task == "classification" else base.serving,
    )
    seconds = train * epochs / per_s
    chosen = [
        f"task: {task}: {_explain_task(task, kept)}",
        f"alphabet: {why_alphabet}",
        f"input: {why_input}",
        f"split: {why_split}",
        f"network: {trainer.network}, from the weights of {base.pretrained!r}",
        f"epochs: {epochs} of {train} records, about {(seconds + FIXED_S) / 60:.1f} minutes a run on two cores",
        f"gate: {why_gate}",
    ]
    comments = {
        "": f"{name}: drafted by `tfx-ocr new {name} --data {data}` from {survey.listed:,} records.\n"
        "Every value is yours to change; a misspelt field is refused with the known ones.",
        "task": _explain_task(task, kept),
        "input": why_input,
        "examples.max_rejected": f"{left_out:,} of {len(survey.seen):,} are without a label, or copies",
        "examples.split": why_split,
        "trainer.initial_weights": "of a model that ships: what fits is taken, the rest begins anew",
        "trainer.epochs": f"about {seconds / 60:.1f} minutes: two cores were measured at {per_s:.0f} records a second",
        "trainer.augment": "changes to training's records, drawn anew each epoch",
        "gate": why_gate,
    }
    return Draft(recipe=recipe, found=list(_describe(data, survey, labels, task)), chosen=chosen, comments=comments)


def _count_left_out(data: Path, survey: Survey, copies: Sequence[tuple[str, str]]) -> int:
    """Return how many records are without a label, or copies of those of another split: a run goes on without them.

    Raises:
        ValueError: too many others are set aside.
    """
    without = [each for each in survey.rejected if classify_reason(each[1]) in UNLABELLED]
    others = [each for each in survey.rejected if each not in without]
    if len(others) > Examples.max_rejected * len(survey.seen):
        said = f"{len(others):,} of {len(survey.seen):,} records in {data} are set aside"
        mend = "save the texts as UTF-8" if others[0][1] == NOT_UTF8 else "mend or remove them"
        raise ValueError(f"{said}: {describe_rejections(others)}: {mend}")
    return len(without) + len(copies)


def choose_format(data: Path) -> str:
    """Return the name of the reader of the data in a folder.

    Raises:
        ValueError: the folder is missing or empty, its data is of no known format or of several, or a table names
            pictures in columns that are not known.
    """
    if data.is_file():
        raise ValueError(f"{data} is a file: unpack it if it is an archive, and give the folder")
    if not data.is_dir():
        raise ValueError(f"no folder {data}: give the one that holds your data")
    paths = files.list_files(data)
    if not paths:
        raise ValueError(f"no files in {data}: give a folder with data in it")
    of_set = next((name for name in OF_SETS if get_reader(name).is_supported(data)), "")
    found = [of_set] if of_set else [name for name in OF_FILES if get_reader(name).is_supported(data)]
    if {"page_xml", "labelled_csv", "text_files"} & set(found):  # whose pictures may lie in a folder
        found = [name for name in found if name != "image_folder"]
    if len(found) > 1:
        raise ValueError(f"{data} holds data of several formats, {', '.join(found)}: give a folder of one of them")
    if found in ([], ["image_folder"]):  # which would take the pictures of a table without it
        for table, lacking in _find_unread(data).items():
            if lacking:
                raise ValueError(f"{table} is not understood: {lacking}; or take it away if it holds no labels")
        if get_reader(OF_NAMES).is_supported(data):
            return OF_NAMES
    if not found:
        layouts = "; ".join(f"{get_reader(name).LAYOUT} ({name})" for name in (*OF_FILES, OF_NAMES))
        shown = ", ".join(map(files.format_path, paths[:SHOWN])) + (
            f" and {len(paths) - SHOWN:,} more" if len(paths) > SHOWN else ""
        )
        unread = "; ".join(list_unread(data))
        if not unread and any(images.is_picture(path) and "/" not in path for path in paths):
            give = "give the folder that holds the folders of the classes, or add a table of pictures and labels"
            raise ValueError(f"no labels in {data}: the names of its files, {shown}, do not say what they show; {give}")
        first = b"" if posixpath.splitext(paths[0])[1] else try_read(files.read_file, data / paths[0])
        if not unread and first and images.read_size(first):
            unread = "pictures are known by the endings of their names: give them .png, .jpg or another"
        said = unread or f"looked for: {layouts}"
        raise ValueError(f"no data of a known format in {data}, which holds {shown}; {said}")
    return found[0]


def _find_unread(data: Path) -> dict[str, str]:
    """Return the tables in a folder, and in those that the reader looks into, as `labelled_csv.find_unread`."""
    return {
        files.format_path(posixpath.join(folder, table)): lacking
        for folder in ("", *list_inner_folders(data))
        for table, lacking in labelled_csv.find_unread(data / folder).items()
    }


def find_problem(record: Record, decode: bool) -> str | None:
    """Return why no recipe could take a record, whatever its alphabet."""
    label = record.get_bytes_or_empty(features.LABEL).decode()
    if features.WORDS in record.features and (reason := pages.find_problem(record.features, _Anything())):
        return reason
    image = record.get_bytes_or_empty(features.IMAGE)
    if image and (reason := images.find_problem(image, features.MOST_PIXELS, decode=decode)):
        return reason
    if not label and features.ENTITIES not in record.features:
        return "no label: the record lacks one"
    if len(label) > MOST_CHARACTERS:
        return f"label too long: {len(label)} characters, where a line has {MOST_CHARACTERS} at most"
    return None


class _Anything:
    """An alphabet that takes every label."""

    CLASSES = CHARACTERS = ()
    LONGEST = 0

    def find_problem(self, label: str) -> None:
        return None


def choose_task(reader: str, kept: Sequence[Seen], labels: Mapping[str, int]) -> str:
    """Return the task that fits the labels.

    Labels of one character, and those that come again and again with pictures that are not long lines, are classes.
    """
    if kept[0].entities:
        return "tagging"
    if len(labels) >= MANY_CLASSES and all(not hangul.find_problem(label) for label in labels):
        return "syllables"
    if reader in ("image_folder", "idx") or all(len(label) == 1 for label in labels):
        return "classification"
    again = len(kept) >= 5 * len(labels) and len(labels) <= 500
    letters = statistics.mean(len(each.label) for each in kept)
    return "classification" if again and not (_get_ratio(kept) >= 2.5 and letters >= 4) else "sequence"


def _get_ratio(kept: Sequence[Seen]) -> float:
    """Return the median of width / height; 1 without pictures."""
    return statistics.median([width / height for width, height in (each.size for each in kept) if height] or [1.0])


def _explain_task(task: str, kept: Sequence[Seen]) -> str:
    return {
        "classification": "one class per picture",
        "syllables": "one Hangul syllable per picture",
        "sequence": "a line of text per picture",
        "tagging": "an entity per word of a page",
    }[task]


def choose_alphabet(task: str, labels: Mapping[str, int]) -> tuple[str | Classes | Characters, str]:
    """Return the alphabet of the labels, and what it is."""
    if task == "syllables":
        return "hangul", "all 11,172 Hangul syllables"
    if task == "sequence":
        found = set("".join(labels))
        found |= set("0123456789") if found & set("0123456789") else set()
        longest = min(MOST_CHARACTERS, 8 * math.ceil(1.5 * max(map(len, labels)) / 8))
        characters = "".join(sorted(found))
        return Characters(characters=characters, longest=longest), f"{len(characters)} characters: {characters}"
    ordered = sorted(labels, key=lambda label: (files.to_natural_key(label), label))
    shown = ", ".join(ordered[:20]) + (" ..." if len(ordered) > 20 else "")
    what = "entities" if task == "tagging" else "classes"
    return Classes(classes=("", *ordered) if task == "tagging" else tuple(ordered)), f"{len(ordered)} {what}: {shown}"


def choose_split(kept: Sequence[Seen], complete: bool, task: str) -> tuple[Split, str]:
    """Return the rule of the division, and why it is so.

    Of `SEEDS` draws the one is taken that comes nearest to the shares, with every class in every split if it can be.
    """
    stated = {each.split for each in kept if each.split}
    groups = collections.Counter(each.group for each in kept if each.group)
    few, shared = len(kept) < 500, _describe_shared(kept)
    if {"eval", "test"} <= stated:
        return Split(), f"as the data states{shared}"
    by_group = sum(groups.values()) == len(kept) and len(groups) >= GROUPS and max(groups.values()) <= len(kept) / 3
    if by_group:
        why = f"by group: none of {len(groups)} is {'divided' if shared else 'in two splits'}"
    elif groups:
        why = f"by record: {len(groups)} groups are too few to divide, so that test says little about new ones"
    else:
        why = "by record: the data states no groups"
    if stated:
        why += f"; {', '.join(split for split in SPLITS if split in stated)} as the data states{shared}"
    rule = Split(by="group" if by_group else "record", eval=0.15 if few else 0.1, test=0.2 if few else 0.15)
    if not complete or not few:
        return rule, why
    rules = [dataclasses.replace(rule, seed=seed) for seed in range(SEEDS)]
    best = min(rules, key=lambda each: (_count_lacking(kept, each, task), each.seed))
    return best, f"{why}; seed {best.seed} of {SEEDS} divides most evenly"


def _describe_shared(kept: Sequence[Seen]) -> str:
    """Return which groups are in two of the splits that the data states, as a clause; "" for none."""
    splits = collections.defaultdict(set)
    for each in kept:
        if each.group and each.split:
            splits[each.group].add(each.split)
    shared = [group for group, found in splits.items() if len(found) > 1]
    if not shared:
        return ""
    among = " and ".join(split for split in SPLITS if any(split in splits[group] for group in shared))
    verb = "groups are" if len(shared) > 1 else "group is"
    return f": {len(shared):,} {verb} in both your {among}, such as {shared[0]}"


def _count_lacking(kept: Sequence[Seen], rule: Split, task: str) -> tuple[int, int, float]:
    """Return how many splits are empty, how many classes a split lacks, and how far from their shares splits are."""
    divided = data_check.divide(kept, rule)
    sizes = collections.Counter(split for split, _ in divided)
    lacking = 0
    if task in ("classification", "tagging"):
        found = {(split, label) for split, each in divided for label in each.entities or (each.label,)}
        lacking = len({label for _, label in found}) * len(SPLITS) - len(found)
    counts = collections.Counter((split, each.label) for split, each in divided)
    of_class = collections.Counter(each.label for each in kept) if task == "classification" else {}
    away = 0.0
    for split, share in (("eval", rule.eval), ("test", rule.test)):
        away += abs(sizes[split] / len(kept) - share)
        away += sum(abs(counts[split, label] / count - share) for label, count in of_class.items()) / (
            len(of_class) or 1
        )
    return sum(not sizes[split] for split in SPLITS), lacking, round(away, 3)


def choose_input(base: Recipe, survey: Survey, labels: Mapping[str, int]) -> tuple[Input, str]:
    """Return the input of the base at a size that fits the pictures, and why it is so."""
    spec = base.input
    if isinstance(spec, Words):
        return spec, "words of a page with their boxes"
    ratios = sorted(width / height for width, height in (measure_ink(record) for record in survey.sample))
    if isinstance(spec, LineImage):
        inner = spec.height / (1 + 2 * spec.margin)
        widest = (
            ratios[int(0.98 * (len(ratios) - 1))] * inner * 0.85 + 2 * spec.margin * spec.height
        )  # squeezed a little
        width = max(widest, 6 * max(map(len, labels)), 128)
        width = min(1280, 32 * math.ceil(width / 32))
        return dataclasses.replace(spec, width=width), f"lines of {spec.height} x {width} pixels, cut to their ink"
    ratio = statistics.median(ratios)
    if 0.5 <= ratio <= 2:
        return spec, f"{spec.height} x {spec.width} pixels, cut to the ink"
    long = 8 * round(min(256, spec.height * max(ratio, 1 / ratio) ** 0.5) / 8)
    short = 8 * max(4, round(long / max(ratio, 1 / ratio) / 8))
    height, width = (short, long) if ratio > 1 else (long, short)
    return dataclasses.replace(
        spec, height=height, width=width
    ), f"{height} x {width} pixels, as wide as the pictures' ink"


def measure_ink(record: Record) -> tuple[int, int]:
    """Return width and height of the box around what differs from the ground of a picture, in pixels."""
    grey = images.decode_pixels(images.to_png(record.get_bytes(features.IMAGE)))[..., 0].astype(int)
    away = abs(grey - int(np.median(grey)))
    ink = away > max(32, 0.5 * away.max())
    sides = [np.flatnonzero(ink.sum(axis) >= 2) for axis in (0, 1)]
    width, height = ((places[-1] - places[0] + 1) if len(places) else 0 for places in sides)
    return (int(width), int(height)) if width and height else (grey.shape[1], grey.shape[0])


def _compare_sizes(base: Recipe, spec: Input) -> float:
    """Return how much smaller an input is than the base's."""
    if isinstance(base.input, Words) or isinstance(spec, Words):
        return 1.0
    return base.input.height * base.input.width / (spec.height * spec.width)


def choose_gate(
    base: Recipe, task: str, divided: Sequence[tuple[str, Seen]], survey: Survey, labels: Mapping[str, int]
) -> tuple[Gate, str]:
    """Return limits that a useless model, and one that is worse than the model that ships, cannot pass."""
    metric, lower = {"classification": ("accuracy", False), "syllables": ("accuracy", False)}.get(
        task, ("cer", True) if task == "sequence" else ("micro_f1", False)
    )
    family = get_metrics(choose_family(task, Gate()))
    if task == "tagging":
        useless, why = 0.0, "better than a model that finds nothing"
        limit = 0.3
    else:
        test = [each.label for split, each in divided if split == "test"]
        answers = [label for label, _ in collections.Counter(test).most_common(20)]
        scores = [compute_metrics(family, [(label, answer) for label in test])[metric] for answer in answers]
        useless = min(scores) if lower else max(scores)
        limit = min(useless / 2, 0.5) if lower else useless + (1 - useless) / 2
        why = f"better than the most frequent answer, {metric} {useless:.2f}"
    shipped, seen = measure_shipped(base, survey, labels, metric)
    if shipped is not None:
        why += ", and no worse than the model that ships, which reads "
        why += f"{len(survey.sample)} of these at {metric} {shipped:.3f}"
        why += f" ({seen})" if seen else ""
        judged = [each.label for split, each in divided if split == "test"]
        error = 1 / max(1, sum(map(len, judged)) if lower else len(judged))  # one more in the test is chance
        limit = min(limit, shipped + error) if lower else max(limit, shipped - error)
    limit = _round_up(limit, 3) if lower else math.floor(limit * 1000) / 1000
    tested = [each for split, each in divided if split == "test"]
    met = {each.label for each in tested}
    gate = Gate(
        at_most_worse={metric: 0.02 if lower else 0.01},
        slices=base.gate.slices,
        min_examples=min(Gate().min_examples, max(1, len(tested))),
        min_class_examples=int(task != "classification" or met >= set(labels)),
    )
    if len(tested) < Gate().min_examples:
        stated = any(each.split in ("eval", "test") for _, each in divided)
        why += f"; {len(tested)} test records are few: label more" + ("" if stated else ", or run with --folds 5")
    why = f"{metric} {'at most' if lower else 'at least'} {limit:g}: {why}"
    limits = {metric: limit}
    return dataclasses.replace(gate, at_most=limits) if lower else dataclasses.replace(gate, at_least=limits), why


def measure_shipped(base: Recipe, survey: Survey, labels: Mapping[str, int], metric: str) -> tuple[float | None, str]:
    """Return what the model that ships reaches on the sample, and whether it was trained on its records, as a clause.

    None where its alphabet lacks a label; "" for a model that was trained on none of them.
    """
    from tfx_ocr.components.evaluator import records as of_records
    from tfx_ocr.pipeline.evaluation import predict_records, read_sketch
    from tfx_ocr.serving.locations import SHIPPED, Location

    alphabet, task = get_alphabet(base.alphabet), get_task(base.task)
    known = set(alphabet.CHARACTERS if task.labels == "CHARACTERS" else alphabet.CLASSES)
    if not set("".join(labels) if task.labels == "CHARACTERS" else labels) <= known:
        return None, ""
    family = get_metrics(choose_family(base.task, base.gate))
    location = Location(pretrained.get_folder(base.pretrained), base.name, SHIPPED)
    pairs, raws = predict_records(base, location, list(survey.sample), family)
    sketch = read_sketch(location.folder)
    seen, told = of_records.count_seen(raws, sketch)
    said = f"it was trained on {seen} of {told} of them: new ones are read worse" if seen else ""
    if not sketch:
        said = "its manifest does not say whether it was trained on them"
    return compute_metrics(family, pairs)[metric], said


def _round_up(value: float, digits: int) -> float:
    return math.ceil(round(value * 10**digits, 6)) / 10**digits


def _describe(data: Path, survey: Survey, labels: Mapping[str, int], task: str) -> Iterator[str]:
    """Yield lines about what was found."""
    kept = survey.kept
    yield f"{data}: {survey.reader}, {survey.describe()}"
    if survey.rejected:
        yield f"set aside: {len(survey.rejected):,}: {describe_rejections(survey.rejected)}"
    if survey.reader in ("image_folder", OF_NAMES) and (unread := _find_unread(data)):
        yield f"left out: {', '.join(unread)}: no cell names a picture"
    rare = [label for label, count in labels.items() if count < len(SPLITS)]
    if task == "sequence":
        longest = max(kept, key=lambda each: len(each.label))
        yield f"{len(labels):,} different texts; the longest has {len(longest.label)} characters: {longest.source}"
    else:
        counts = sorted(labels.values())
        yield f"{len(labels):,} labels, {_format_range(counts)} records each"
        if rare:
            shown = ", ".join(sorted(rare)[:5]) + (" ..." if len(rare) > 5 else "")
            yield f"too few: {len(rare)} labels have fewer than {len(SPLITS)} records, one for each split: {shown}"
    sizes = [each.size for each in kept if each.size[0]]
    if sizes:
        widths, heights = map(_format_range, zip(*sizes, strict=True))
        some = "pictures" if len(sizes) == len(kept) else f"{len(sizes):,} pictures"
        yield f"{some} of {widths} x {heights} pixels{_describe_ink(survey)}"
    groups = {each.group for each in kept if each.group}
    yield f"groups: {len(groups):,}" if groups else "groups: none stated"
    stated = collections.Counter(each.split for each in kept if each.split)
    if stated:
        yield "splits stated: " + ", ".join(f"{split} {stated[split]:,}" for split in SPLITS if stated[split])
    yield from data_check.find_doubles(kept)


def _format_range(numbers: Collection[int]) -> str:
    """Return the lowest and the highest of some numbers as text, one where they are equal."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _describe_ink(survey: Survey) -> str:
    """Return whether ink is dark or light and whether the ground is even, behind a comma; "" without pictures."""
    dark, even = 0, 0
    pictures = list(filter(None, (record.get_bytes_or_empty(features.IMAGE) for record in survey.sample)))
    for picture in pictures:
        grey = images.decode_pixels(images.to_png(picture))[..., 0].astype(float)
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        dark += float(np.median(border)) > float(grey.min() + grey.max()) / 2
        even += float(border.std()) < 24
    if not (total := len(pictures)):
        return ""
    ink = "dark ink" if dark > 0.9 * total else "light ink" if dark < 0.1 * total else "dark and light ink"
    return f", {ink} on {'an even' if even > 0.8 * total else 'an uneven'} ground"
