"""Corrections as records: what an export holds, leaves out and counts, and the old data that is laid beside it."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections import Counter

import pytest
from PIL import Image

from tfx_ocr.components.recipe import Examples, Split
from tfx_ocr.data import features, record_file
from tfx_ocr.data.example import parse_example
from tfx_ocr.data.readers import get_reader
from tfx_ocr.pipeline.corrections import (
    DATA,
    TABLE,
    choose_recipe,
    count_new,
    describe_export,
    export_corrections,
    write_data,
)
from tfx_ocr.pipeline.data_check import divide
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving.review.queue import Queue


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path / "queue.sqlite", shared=0, sure_share=0)


def answer(queue, document, picture, text, verdict="corrected"):
    """Offer a picture that is read as 4, and decide about it as Ann."""
    queue.offer(picture, "4", 0.5, recipe="digits", version="3", document=document, place="page 1, 8 8 20 20")
    queue.decide(queue.take("ann").id, "ann", verdict, text)


def read(folder):
    """Return the records of a folder as (split, label, group, source), and their pictures."""
    reader = get_reader("tfrecord")
    records = [record for shard in reader.list_shards(folder) for record in reader.read(folder, shard)]
    told = [(each.split, each.features["label"].decode(), each.group, each.source) for each in records]
    return told, [each.features["image"] for each in records]


def test_corrections_are_records_with_group_source_and_reviewer(queue, tmp_path):
    for number in range(4):
        answer(queue, f"{number}.png", b"picture %d" % number, "7")
    exported = export_corrections(queue, "digits", tmp_path / "out", share=0.25, weight=2)
    assert (exported.train, exported.test, exported.last) == (3, 1, 4)
    told, pictures = read(tmp_path / "out")
    assert Counter(split for split, *_ in told) == {"train": 6, "test": 1}  # each of train twice
    assert {(label, group, source) for _, label, group, source in told} == {
        ("7", f"{number}.png", f"corrections/ann/{number + 1}") for number in range(4)
    }
    assert set(pictures) == {b"picture %d" % number for number in range(4)}
    raw = next(record_file.read_records(tmp_path / "out" / "corrections-test.tfrecord.gz"))
    assert parse_example(raw)[features.REVIEWER] == [b"ann"]


def test_the_table_leads_back_to_the_queue(queue, tmp_path):
    answer(queue, "a.png", b"picture", "7")
    export_corrections(queue, "digits", tmp_path)
    (row,) = csv.DictReader((tmp_path / TABLE).open(encoding="utf-8"))
    assert row == {
        "item": "1",
        "sha256": "2cea274d0bedc39ec4ab6ba9e59ec889e3ed6fb56a1cf088a64d9b383378dc97",
        "split": "train",
        "label": "7",
        "answer": "4",
        "confidence": "0.5",
        "version": "3",
        "reviewers": "ann",
        "document": "a.png",
        "place": "page 1, 8 8 20 20",
    }


def test_copies_and_contradictions_are_counted_and_left_out(queue, tmp_path):
    answer(queue, "a.png", b"same", "7")
    answer(queue, "b.png", b"same", "7")
    answer(queue, "a.png", b"torn", "7")
    answer(queue, "b.png", b"torn", "1")
    answer(queue, "c.png", b"blot", "", "unreadable")
    queue.offer(b"open", "4", 0.5, recipe="digits", version="3", document="d.png")
    exported = export_corrections(queue, "digits", tmp_path, share=0.0)
    told, _, left_out = describe_export(exported).partition("; left out: ")
    assert told == "corrections: 1 to learn from, 0 held for the gate"
    assert left_out == "1 duplicates, 2 in conflict, 1 unreadable, 1 waiting"
    assert not (tmp_path / "corrections-test.tfrecord.gz").exists()


def test_equal_queues_give_equal_files_and_an_older_export_is_replaced(queue, tmp_path):
    for number in range(5):
        answer(queue, f"{number}.png", b"picture %d" % number, "7")
    contents = []
    for _ in range(2):
        export_corrections(queue, "digits", tmp_path / "out", share=0.4)
        contents.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 3


def test_new_corrections_are_those_after_a_decision(queue):
    for number in range(3):
        answer(queue, f"{number}.png", b"picture %d" % number, "7")
    assert [count_new(queue, "digits", last) for last in (0, 2, 3)] == [3, 1, 0]


def test_pages_are_shapes_to_learn_from_and_page_xml_for_other_recipes(queue, tmp_path):
    out = io.BytesIO()
    Image.new("L", (100, 50), 255).save(out, "JPEG")
    lines = '[{"text": "Huế", "box": [1, 2, 31, 12]}, {"text": "7", "box": [1, 20, 31, 32]}]'
    queue.offer(out.getvalue(), "[]", 0.0, recipe="pages", version="3", document="a.tif")
    queue.decide(queue.take("ann", pages=True).id, "ann", "corrected", lines)
    export_corrections(queue, "pages", tmp_path / "out")
    raw = parse_example(next(record_file.read_records(tmp_path / "out" / "corrections-train.tfrecord.gz")))
    assert raw[features.SHAPES] == [b"line", b"line"]
    assert raw[features.PAGE_SIZE] == [100.0, 50.0]
    assert sorted(raw[features.POLYGONS][:8]) == [1, 1, 2, 2, 12, 12, 31, 31]
    assert raw[features.SOURCE] == [b"corrections/ann/1"]

    reader = get_reader("page_lines")
    (shard,) = reader.list_shards(tmp_path / "out" / "pages")
    read_lines = list(reader.read(tmp_path / "out" / "pages", shard))
    assert [(each.split, each.features["label"].decode()) for each in read_lines] == [("train", "Huế"), ("train", "7")]
    assert Image.open(io.BytesIO(read_lines[1].features["image"])).size == (30, 12)


def test_the_recipe_is_the_only_one_of_the_queue_or_named(queue):
    with pytest.raises(ValueError, match="it is empty: give --recipe"):
        choose_recipe(queue, "")
    answer(queue, "a.png", b"picture", "7")
    assert choose_recipe(queue, "") == choose_recipe(queue, "digits") == "digits"
    with pytest.raises(ValueError, match="no item of lines; it holds digits"):
        choose_recipe(queue, "lines")
    queue.offer(b"line", "4", 0.5, recipe="lines", version="3", document="a.png")
    with pytest.raises(ValueError, match="it holds digits, lines: give --recipe"):
        choose_recipe(queue, "")


@pytest.mark.parametrize("by", ["record", "file", "group"])
def test_old_data_keeps_its_splits(own_data, tmp_path, by):
    """40 pictures of ten meters: whoever is in a split by the recipe's rule is in it still."""
    from tfx_ocr.data.survey import survey_data

    root = own_data.draw_meters(tmp_path / "meters")
    rule = Split(by=by, eval=0.2, test=0.3)
    examples = Examples(readers=("labelled_csv", "tfrecord"), split=rule)
    recipe = dataclasses.replace(get_recipe("digits"), examples=examples)
    write_data(recipe, root, tmp_path / "out", {})
    assert [path.name for path in (tmp_path / "out").iterdir()] == [DATA]
    seen = survey_data(root, examples.readers, lambda *_: None).kept
    told, _ = read(tmp_path / "out")
    expected = [(split, each.label, each.group, each.source) for split, each in divide(seen, rule)]
    assert sorted(told) == sorted(expected)
    assert {split for split, *_ in told} == {"train", "eval", "test"}
