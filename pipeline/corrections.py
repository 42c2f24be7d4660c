"""What reviewers decided, as records to learn from: TFRecords by split, a table, and the old data beside them."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tfx_ocr.components.example_gen.splits import Divider
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data import features, images, record_file
from tfx_ocr.data.page import page_xml, shapes
from tfx_ocr.data.page.page import Page
from tfx_ocr.data.readers import read_data
from tfx_ocr.data.readers.tfrecord import SPLIT
from tfx_ocr.data.record import Record, Value
from tfx_ocr.serving.review.pages import build_page, parse_lines
from tfx_ocr.serving.review.queue import LABEL, PAGES, Correction, Queue

DATA, TABLE = "data.tfrecord.gz", "corrections.csv"
COLUMNS = ("item", "sha256", "split", "label", "answer", "confidence", "version", "reviewers", "document", "place")
LABELS = "labels"  # in the table, where others have their split: corrections of the data's own labels
SHARE = 0.2  # of the corrections, that are held for the gate


class Exported(NamedTuple):
    """What an export holds and what it leaves out.

    Attributes:
        train: corrections to learn from.
        test: corrections of documents that are held for the gate.
        labels: labels of the data that were looked at: in the table alone.
        duplicates: corrections whose picture another one has, with the same text.
        conflicts: items whose reviewers, or whose pictures' copies, say different things.
        unreadable: items that reviewers marked as unreadable.
        waiting: items that too few have decided.
        last: number of the newest decision among them; 0 without any.
    """

    train: int
    test: int
    labels: int
    duplicates: int
    conflicts: int
    unreadable: int
    waiting: int
    last: int


def choose_recipe(queue: Queue, recipe: str) -> str:
    """Return the recipe whose corrections are meant.

    Args:
        queue: the queue.
        recipe: its name; "" for the only one in the queue.

    Raises:
        ValueError: the queue holds other recipes, or several where none is named.
    """
    known = queue.list_recipes()
    if recipe in known or (not recipe and len(known) == 1):
        return recipe or known[0]
    held = f"it holds {', '.join(known)}" if known else "it is empty"
    raise ValueError(f"{queue.path}: no item of {recipe}; {held}" if recipe else f"{queue.path}: {held}: give --recipe")


def export_corrections(queue: Queue, recipe: str, out: Path, share: float = SHARE, weight: int = 1) -> Exported:
    """Write corrections to `corrections-train.tfrecord.gz`, `corrections-test.tfrecord.gz` and `corrections.csv`.

    A record has the picture, its text as label, the document as group, the reviewers, and a source that names the
    reviewers and the item: `corrections/ann/17`. Of pages a record has the shapes of its lines, and `pages/SPLIT` gets
    each as PAGE XML with its picture. Equal queues give equal files.

    Args:
        queue: the queue.
        recipe: of its items.
        out: folder of the files; it is made.
        share: of the corrections that are held for the gate, as whole documents, from 0 to below 1.
        weight: how often each record stands in train.

    Returns:
        What there is and what was left out.

    Raises:
        ValueError: `share` is out of range.
    """
    queue.hold_documents(recipe, share)
    found = queue.read_corrections(recipe)
    kept, duplicates, conflicts = _unite_copies(found.agreed)
    by_split: dict[str, list[Correction]] = {"train": [], "test": [], LABELS: []}
    for each in kept:
        by_split[LABELS if each.item.version == LABEL else "test" if each.held else "train"].append(each)
    out.mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        path = out / f"corrections-{split}.tfrecord.gz"
        path.unlink(missing_ok=True)
        records = [_build_record(each) for each in by_split[split]] * (weight if split == "train" else 1)
        if records:
            record_file.write(path, records)
        if recipe == PAGES:
            _write_pages(out / PAGES / split, by_split[split])
    with (out / TABLE).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for split, corrections in by_split.items():
            rows.writerows(_list_values(each, split) for each in corrections)
    return Exported(
        train=len(by_split["train"]),
        test=len(by_split["test"]),
        labels=len(by_split[LABELS]),
        duplicates=duplicates,
        conflicts=len(found.conflicts) + conflicts,
        unreadable=found.unreadable,
        waiting=found.waiting,
        last=max((each.last for each in found.agreed), default=0),
    )


def describe_export(exported: Exported) -> str:
    """Return an export as a line for the console."""
    left_out = {
        "duplicates": exported.duplicates,
        "in conflict": exported.conflicts,
        "unreadable": exported.unreadable,
        "waiting": exported.waiting,
    }
    told = ", ".join(f"{count:,} {what}" for what, count in left_out.items() if count)
    said = f"corrections: {exported.train:,} to learn from, {exported.test:,} held for the gate"
    if exported.labels:
        said += f", {exported.labels:,} labels of the data"
    return said + (f"; left out: {told}" if told else "")


def count_new(queue: Queue, recipe: str, last: int) -> int:
    """Count corrections that were decided after the decision `last`."""
    return sum(each.last > last for each in queue.read_corrections(recipe).agreed)


def read_labels(queue: Queue, recipe: str) -> dict[str, str]:
    """Return the labels that reviewers gave the data's own pictures, by the SHA-256 of a picture in hex."""
    agreed = queue.read_corrections(recipe).agreed
    return {each.item.digest: each.text for each in agreed if each.item.version == LABEL}


def write_data(recipe: Recipe, data: Path, out: Path, labels: Mapping[str, str]) -> None:
    """Write the records of a data set to `data.tfrecord.gz`, each with the split that the recipe's rule gives it.

    The test split stays what it was, whatever is laid beside it, but for labels that were put right.

    Args:
        recipe: whose readers and rule are used.
        data: folder of the data.
        out: folder of the files; it is made.
        labels: that take the place of a picture's own, see `read_labels`.

    Raises:
        ValueError: the data is of no known format.
    """
    out.mkdir(parents=True, exist_ok=True)

    def correct() -> Iterator[Record]:
        for split, record in divide_records(recipe, data):
            given = {**record.features, SPLIT: split.encode()}
            if labels and (label := labels.get(_hash_picture(record))) is not None:
                given[features.LABEL] = label.encode()
            yield dataclasses.replace(record, features=given)

    record_file.write(out / DATA, correct())


def divide_records(recipe: Recipe, data: Path) -> Iterator[tuple[str, Record]]:
    """Yield the records of a data set, each after the split that the recipe's rule gives it; others are left out.

    Raises:
        ValueError: the data is of no known format.
    """
    rule = recipe.examples.split
    divider = Divider(rule, {record.split for record in _read(recipe, data) if record.split})
    for record in _read(recipe, data):
        if split := divider.choose_split(record.split, _get_key(record, rule.by)):
            yield split, record


def _read(recipe: Recipe, data: Path) -> Iterator[Record]:
    """Return the records of a data set; what its reader sets aside is left out."""
    return (record for record in read_data(data, recipe.examples.readers) if isinstance(record, Record))


def _hash_picture(record: Record) -> str:
    """Return the SHA-256 of a record's picture as it is in a review queue."""
    try:
        return hashlib.sha256(images.to_png(record.get_bytes_or_empty(features.IMAGE))).hexdigest()
    except (ValueError, OSError):  # a run sets it aside
        return ""


def _get_key(record: Record, by: str) -> str:
    """Return what a split does not cut in two, as ExampleGen has it."""
    return record.digest if by == "record" else str(getattr(record, by))


def _unite_copies(agreed: Sequence[Correction]) -> tuple[list[Correction], int, int]:
    """Return one correction per picture, the held one first, how many copies there were, and how many contradict."""
    by_digest: dict[str, list[Correction]] = {}
    for each in agreed:
        by_digest.setdefault(each.item.digest, []).append(each)
    kept, duplicates, conflicts = [], 0, 0
    for copies in by_digest.values():
        if len({each.text for each in copies}) > 1:
            conflicts += len(copies)
            continue
        kept.append(max(copies, key=lambda each: each.held))
        duplicates += len(copies) - 1
    return kept, duplicates, conflicts


def _build_record(correction: Correction) -> Record:
    reviewers = "+".join(correction.reviewers)
    item = correction.item
    found: dict[str, Value] = {features.IMAGE: item.picture, features.LABEL: correction.text.encode()}
    if item.recipe == PAGES:
        page = _build_page(correction)
        found = shapes.build_features(shapes.list_shapes(page), page.size or (0, 0), item.picture)
    return Record(
        features={**found, features.REVIEWER: reviewers.encode()},
        source=f"{features.CORRECTIONS}{reviewers}/{item.id}",
        group=item.document,
    )


def _build_page(correction: Correction) -> Page:
    picture = correction.item.picture
    return build_page(parse_lines(correction.text, picture), picture, f"{correction.item.id}.jpg")


def _write_pages(folder: Path, corrections: Sequence[Correction]) -> None:
    """Write pages as PAGE XML, each with its picture, for recipes that read such pages."""
    shutil.rmtree(folder, ignore_errors=True)
    if corrections:
        folder.mkdir(parents=True)
    for each in corrections:
        page = _build_page(each)
        (folder / page.image).write_bytes(each.item.picture)
        (folder / page.image).with_suffix(".xml").write_bytes(page_xml.write(page))


def _list_values(correction: Correction, split: str) -> tuple[str | int | float, ...]:
    item = correction.item
    reviewers = "+".join(correction.reviewers)
    return (
        item.id, item.digest, split, correction.text, item.answer, item.confidence, item.version, reviewers,
        item.document, item.place,
    )  # fmt: skip
