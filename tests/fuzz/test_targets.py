"""Every parser against damaged inputs: an answer or a reason, never an error, never long."""

from __future__ import annotations

import csv
import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = (
    *("page", "alto", "hocr", "fields", "tf.Example", "REST body", "gRPC tensor", "recipe"),
    *(f"picture {form}" for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")),
    *(f"set {name}" for name in ("sroie", "rvl_invoices", "labelled_csv", "cinnamon", "kalapa", "page_xml")),
    *("set kaggle_invoices", "set idx", "set tfrecord"),
    *(f"set labelled_csv {kind}" for kind in ("list", "lines", "object")),
)
INPUTS = 500  # of each parser


@pytest.fixture(scope="module")
def run(beside):
    import run_fuzz

    return run_fuzz


def test_every_target_is_tried(run):
    assert sorted(run.load_targets()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_input_is_read_or_refused(run, name):
    found = run.try_inputs(name, run.load_targets()[name], 0, INPUTS)
    assert found.failures == []
    assert found.read + found.refused == INPUTS
    assert found.refused > INPUTS / 50
    assert found.read > INPUTS / 100  # the damage is not always fatal
    if not name.startswith(("REST", "gRPC", "recipe", "tf.Example")):
        assert all(":" in reason for reason in found.reasons), found.reasons


def test_an_input_is_the_same_whenever_it_is_made(run):
    target = run.load_targets()["page"]
    assert run.make_input("page", target, 7) == run.make_input("page", target, 7)
    assert run.make_input("page", target, 7) != run.make_input("page", target, 8)


def test_what_raises_is_kept_with_its_input(run):
    def fail(name, content):
        raise KeyError(name)

    found = run.try_inputs("page", run.Target({"a": b"seed of it"}, fail), 0, 3)
    assert [failure.number for failure in found.failures] == [0, 1, 2]
    assert found.failures[0].reason == "KeyError: 'a'"


def test_a_run_goes_on_where_it_ended(run, tmp_path, monkeypatch):
    target = run.Target({"a": b"seed of it"}, lambda name, content: True)
    monkeypatch.setattr(run, "load_targets", lambda: {"any": target})
    for inputs in (4, 6):
        assert run.main(["--inputs", str(inputs), "--counts", str(tmp_path / "counts.csv")]) == 0
    (row,) = (tmp_path / "counts.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert row.startswith("any,10,10,0,0,")


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no atheris for this Python")
def test_inputs_are_guided_by_the_code_that_they_reach(tmp_path):
    script = Path(__file__).with_name("run_atheris.py")
    counts = tmp_path / "counts.csv"
    command = [sys.executable, str(script), "fields", "--minutes", "0.05", "--counts", str(counts)]
    subprocess.run([*command, "--corpus", str(tmp_path)], check=True, capture_output=True)
    (row,) = csv.DictReader(counts.open(encoding="utf-8"))
    assert row["target"] == "fields guided"
    assert int(row["inputs"]) >= 200
    assert int(row["read"]) > 0
    assert (tmp_path / "fields" / "seed-0").read_bytes() == b'\0{"company": "A", "total": 9.00}'


def test_mutations_change_a_few_places(run):
    chance = random.Random(1)
    changed = [run.mutate(b'<a b="1">text</a>', chance) for _ in range(50)]
    assert len(set(changed)) > 25


def test_a_target_that_has_had_its_minutes_is_done(run, tmp_path, monkeypatch):
    target = run.Target({"a": b"seed of it"}, lambda name, content: True)
    monkeypatch.setattr(run, "load_targets", lambda: {"any": target})
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    counts = tmp_path / "counts.csv"
    assert run.main(["--minutes", "0.005", "--counts", str(counts)]) == 0
    row = run.read_counts(counts)["any"]
    assert float(row["minutes"]) >= 0.005
    assert 0 < float(row["processor_minutes"]) < 0.1
    assert run.main(["--minutes", "0.005", "--counts", str(counts)]) == 0
    assert run.read_counts(counts)["any"] == row


def test_memory_that_grows_is_a_failure(run, tmp_path, monkeypatch, capsys):
    target = run.Target({"a": b"seed of it"}, lambda name, content: True)
    monkeypatch.setattr(run, "load_targets", lambda: {"any": target})
    peaks = iter([100.0, 1200.0, 1200.0])
    monkeypatch.setattr(run, "read_peak_mb", lambda: next(peaks))
    assert run.main(["--inputs", "5", "--counts", str(tmp_path / "counts.csv")]) == 1
    assert "memory grew by 1100 MB within 5 inputs" in capsys.readouterr().out


def test_targets_are_tried_at_once(tmp_path):
    script, counts = Path(__file__).with_name("run_fuzz.py"), tmp_path / "counts.csv"
    command = [sys.executable, str(script), "fields", "REST body", "--inputs", "300", "--jobs", "2"]
    done = subprocess.run([*command, "--counts", str(counts)], check=True, capture_output=True, text=True)
    assert sorted(done.stdout.splitlines()) == ["REST body: 300 inputs, 0 failed", "fields: 300 inputs, 0 failed"]
    assert [row["inputs"] for row in csv.DictReader(counts.open(encoding="utf-8"))] == ["300", "300"]
