"""How a run ended, told in a few lines; and its exit status."""

import os

import pytest

from tfx_ocr.pipeline import last_run
from tfx_ocr.pipeline.settings import Settings

VERDICT = {"blessed": True, "metrics": {"accuracy": 0.975}, "n": 40, "split": "test", "checks": []}
PUSHED = {
    "status": "pushed",
    "sentence": "",
    "steps": [{"name": "ExampleGen", "seconds": 0.0, "executed": False}],
    "seconds": 41.2,
    "log": "/logs/x.log",
    "serving_dir": "/serving/digits",
    "version": "17",
    "report": "/report/index.html",
    "verdict": VERDICT,
}


def test_an_unchanged_run_says_the_verdict_it_found():
    assert last_run.format_lines(PUSHED) == [
        "0 of 1 steps ran, 41 s",
        "gate passed: accuracy 0.9750 (40 test examples)",
        "served: version 17 in /serving/digits",
        "report: /report/index.html",
        "log: /logs/x.log",
    ]


def test_a_refused_run_says_that_the_old_version_is_served():
    lines = last_run.format_lines(
        {**PUSHED, "status": "refused", "version": "", "sentence": "no signature serve_images"}
    )
    assert "infra validation REFUSED: no signature serve_images" in lines
    assert "not pushed" in lines
    served = {**PUSHED, "status": "refused", "version": "", "verdict": {**VERDICT, "served": {"version": 16}}}
    assert "not pushed: version 16 is served still" in last_run.format_lines(served)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("stopped", "ExampleGen stopped the run: 9 of 10 records were set aside"),
        ("interrupted", "interrupted in ExampleGen; the same command goes on from there (log: /logs/x.log)"),
    ],
)
def test_a_run_that_ended_early_says_where_and_why(status, said):
    result = {
        "status": status,
        "step": "ExampleGen",
        "sentence": "9 of 10 records were set aside",
        "log": "/logs/x.log",
    }
    assert last_run.format_lines(result)[0] == said


def test_a_newer_version_by_others_is_told():
    lines = last_run.format_lines({**PUSHED, "newer": "18"})
    assert lines[2:4] == [
        "served: version 17 in /serving/digits",
        "version 18, pushed since by others, is newer and served in its place",
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"status": "no such"}', "\xff"])
def test_a_damaged_file_counts_as_no_run(tmp_path, text):
    settings = Settings(home=str(tmp_path))
    settings.folder.mkdir(parents=True)
    (settings.folder / last_run.FILE).write_bytes(text.encode("latin-1"))
    assert last_run.read(settings) == {}


@pytest.mark.parametrize(
    ("path", "said"),
    [("inner/x", "inner/x"), ("", "."), ("../x", None), ("s3://bucket/x", "s3://bucket/x")],
    ids=["below", "itself", "above", "address"],
)
def test_a_path_is_shown_as_it_is_called_from_here(monkeypatch, tmp_path, path, said):
    monkeypatch.chdir(tmp_path)
    whole = path if "://" in path else os.path.normpath(tmp_path / path)
    assert last_run.shorten_path(whole) == (whole if said is None else said)


def test_it_is_kept_for_the_next_command(tmp_path):
    settings = Settings(home=str(tmp_path))
    assert last_run.read(settings) == {}
    settings.folder.mkdir(parents=True)
    last_run.write(settings, PUSHED)
    assert last_run.read(settings) == PUSHED
