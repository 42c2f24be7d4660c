"""`tfx-ocr corrections`, and what `tfx-ocr retrain` says before it trains."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline.cli import app
from tfx_ocr.serving.review.queue import Queue


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Return a queue with one correction and one item that waits, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "home"))
    return fill("review.sqlite")


def fill(path):
    opened = Queue(path, shared=0)
    for name in ("a.png", "b.png"):
        opened.offer(name.encode(), "4", 0.5, recipe="digits", version="3", document=name)
    opened.decide(1, "ann", "corrected", "7")
    return opened


def run(*arguments):
    return CliRunner().invoke(app(), [*arguments])


def test_corrections_are_counted_exported_and_removed(queue, tmp_path):
    done = run("corrections", "count", "--queue", "review.sqlite")
    assert done.stdout == "2 items, 1 done, 0 accepted, 1 corrected, 0 skipped, 0 unreadable\n"
    done = run("corrections", "export", "--queue", "review.sqlite", "--out", "out")
    assert done.stdout == "corrections: 1 to learn from, 0 held for the gate; left out: 1 waiting\n"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"corrections-train.tfrecord.gz", "corrections.csv"}
    done = run("corrections", "remove", "--queue", "review.sqlite", "--document", "a.png")
    assert done.stdout == "removed: 1 items of a.png\n"
    assert queue.count_items()["items"] == 1


def test_a_queue_in_postgresql_is_counted_exported_and_learnt_from(database, tmp_path, monkeypatch):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    fill(database)
    done = run("corrections", "count", "--queue", database)
    assert done.stdout == "2 items, 1 done, 0 accepted, 1 corrected, 0 skipped, 0 unreadable\n"
    done = run("corrections", "export", "--queue", database, "--out", str(tmp_path / "out"))
    assert done.stdout == "corrections: 1 to learn from, 0 held for the gate; left out: 1 waiting\n"
    done = run("retrain", "digits", "--queue", database, "--when", "2")
    assert done.stdout == "digits: 1 new corrections, where 2 are needed: nothing to do\n"


def test_agreement_is_told(queue):
    Queue("review.sqlite", shared=1.0).offer(b"both", "4", 0.5, recipe="digits", version="3", document="c.png")
    for name in ("ann", "bob"):
        queue.decide(3, name, "corrected", "1")
    done = run("corrections", "count", "--queue", "review.sqlite")
    assert done.stdout.splitlines()[1] == "agreement of two reviewers: 100.0%, kappa 1.000 (1 items)"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("corrections show --queue review.sqlite", "action is 'show'; known: count, export, remove"),
        ("corrections count --queue no.sqlite", "no review queue no.sqlite: `tfx-ocr predict RECIPE FILE... --review"),
        ("corrections export --queue review.sqlite", "no folder to write to: give --out"),
        ("corrections remove --queue review.sqlite", "no document to remove: give --document"),
        ("retrain digits --queue review.sqlite --data {tmp}", "no data of a known format in {tmp}"),
        ("retrain digits --queue no.sqlite", "no review queue no.sqlite: `tfx-ocr predict RECIPE FILE... --review no"),
    ],
    ids=["action", "queue", "out", "document", "data", "retrain"],
)
def test_bad_use_is_one_sentence(queue, tmp_path, arguments, sentence):
    done = run(*arguments.format(tmp=tmp_path).split())
    assert str(done.exception).startswith(sentence.format(tmp=tmp_path))


def test_too_few_new_corrections_train_nothing(queue, tmp_path):
    (tmp_path / "home/serving/digits/1").mkdir(parents=True)
    done = run("retrain", "digits", "--queue", "review.sqlite", "--when", "2")
    assert done.exit_code == 0
    assert done.stdout == "digits: 1 new corrections, where 2 are needed: nothing to do\n"
