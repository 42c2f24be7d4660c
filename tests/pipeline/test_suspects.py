"""Labels in doubt: found by what models say, put into the review queue, and put right when a recipe is retrained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tfx_ocr.data.readers import get_reader
from tfx_ocr.pipeline import suspects
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.corrections import TABLE, describe_export, export_corrections, read_labels, write_data
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.pipeline.suspects import Answer
from tfx_ocr.serving.review.queue import Queue


@pytest.fixture
def data(tmp_path, hand) -> Path:
    """Write 20 digits, of which 07.png, a 7, lies among the 0."""
    for number, (label, picture) in enumerate(hand.draw_digits(20, 3)):
        file = tmp_path / "data" / ("0" if number == 7 else label) / f"{number:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture)
    return tmp_path / "data"


def find(recipe, *rows):
    """Return source and score of suspects among (source, label, answer, probability)."""
    answers = [Answer(source, source, *row) for source, *row in rows]
    return [(each.answer.source, each.score) for each in suspects.find_suspects(get_recipe(recipe), answers)]


def test_a_class_claims_what_is_as_sure_as_the_mean_of_its_own():
    own = [("a", "7", "7", 0.9), ("b", "7", "7", 0.7), ("c", "1", "1", 0.5)]  # the 7 ask for 0.8, the 1 for 0.5
    assert find("digits", *own, ("d", "1", "7", 0.79)) == []
    assert find("digits", *own, ("d", "1", "7", 0.8), ("e", "7", "1", 0.9)) == [("e", 0.9), ("d", 0.8)]
    assert find("digits", *own, ("d", "1", "4", 1.0)) == []  # not one 4 was read as a 4


def test_a_text_is_suspicious_by_its_edits_over_those_of_others():
    rows = [("a", "Hà Nội", "Hà Nội", 0.9)] * 8
    rows += [("b", "Hà Nội Huế", "Hà Nội", 0.4), ("c", "Hà Nội", "Hà Nôi", 0.9)]  # 4 edits of 10, 1 of 6
    word, mark = 0.4 / (0.4 + 0.01 + 1 / 54), (1 / 6) / (1 / 6 + 0.01 + 4 / 58)
    assert find("lines", *rows) == [("b", pytest.approx(word)), ("c", pytest.approx(mark))]
    assert find("lines", ("a", "", "", 0.9)) == []


def test_edits_are_expected_where_a_model_is_not_sure(monkeypatch):
    monkeypatch.setattr(suspects, "ALIKE", 2)
    wrong = [(name, "abcd", "abxy", confidence) for name, confidence in zip("abc", (0.1, 0.2, 0.3), strict=True)]
    right = [("d", "abcd", "abcd", confidence) for confidence in (0.8, 0.85, 0.95)]
    found = find("lines", *wrong, *right, ("e", "abcd", "abxy", 0.9))
    # half is wrong; the two nearest of e are right, those of c are b and a right one, those of a and b are wrong
    assert found == [("e", pytest.approx(0.5 / 0.51)), ("c", pytest.approx(0.5 / 0.76))]


def test_answers_of_folds_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(suspects, "find_artifact", lambda fold, *_: tmp_path / fold)
    for fold, reference in (("1", "7"), ("2", ["한", "ᄒ"])):
        (tmp_path / fold).mkdir()
        outputs = {"label": "1", "probability": 0.5}
        line = {"source": "a.png", "reference": reference, "answer": "1", "outputs": outputs, "record": "0a"}
        (tmp_path / fold / "answers-0.jsonl").write_text(json.dumps(line) + "\n")
    assert suspects.read_folds(["1", "2"]) == [
        Answer("0a", "a.png", "7", "1", 0.5),
        Answer("0a", "a.png", "한", "1", 0.5),
    ]


def test_a_wrong_label_is_listed_reviewed_and_put_right(data, tmp_path, monkeypatch):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "home"))
    arguments = ["suspects", "digits", "--data", str(data), "--folds", "0"]
    done = CliRunner().invoke(app(), arguments)
    assert done.output.splitlines()[0] == "1 of 20 labels are in doubt"
    assert done.output.splitlines()[1].split("\t")[1:] == ["0", "7", "0/07.png"]

    file = tmp_path / "review.sqlite"
    done = CliRunner().invoke(app(), [*arguments, "--queue", str(file)])
    assert done.output.splitlines()[1] == f"1 wait for review: tfx-ocr serve digits --review {file}"
    queue = Queue(file, shared=0)
    item = queue.take("ann")
    assert (item.answer, item.runners_up[0][0], item.place) == ("0", "7", "0/07.png")
    assert item.picture == (data / "0" / "07.png").read_bytes()
    assert item.reason == "label in doubt: a model reads 7"
    for reviewer in ("ann", "bob"):  # it is one of the share that two decide
        queue.decide(item.id, reviewer, "corrected", "7")

    exported = export_corrections(queue, "digits", tmp_path / "out")
    told = "corrections: 0 to learn from, 0 held for the gate, 1 labels of the data"
    assert describe_export(exported) == told
    assert [path.name for path in (tmp_path / "out").iterdir()] == [TABLE]
    write_data(get_recipe("digits"), data, tmp_path / "out", read_labels(queue, "digits"))
    reader = get_reader("tfrecord")
    records = [each for shard in reader.list_shards(tmp_path / "out") for each in reader.read(tmp_path / "out", shard)]
    labels = {each.source: each.features["label"].decode() for each in records}
    assert labels.pop("0/07.png") == "7"
    assert all(source.startswith(f"{label}/") for source, label in labels.items())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["invoices"], "invoices: suspect labels of task 'tagging' cannot be found; those of classification, "),
        (["digits", "--data", "nowhere", "--folds", "0"], "no data at nowhere"),
    ],
    ids=["task", "data"],
)
def test_what_cannot_be_suspected_is_refused(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=said):
        CliRunner().invoke(app(), ["suspects", *arguments], catch_exceptions=False)
