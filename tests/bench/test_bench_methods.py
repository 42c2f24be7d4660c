from __future__ import annotations

import csv
import itertools
import json
import subprocess
import sys

import pytest

from tfx_ocr.pipeline.comparison import plan_variants
from tfx_ocr.pipeline.settings import Settings


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Return `bench(*arguments)`, which gives the command that would train, and leaves a table in its place."""
    import bench_methods

    commands, really_run = [], subprocess.run

    def run(command, *, env=None, **options):
        if command[0] == "git":  # for the row's commit
            return really_run(command, env=env, **options)
        commands.append(command)
        folder = tmp_path / "work/hangul/compare"
        folder.mkdir(parents=True, exist_ok=True)
        assert env["TFX_OCR_HOME"] == str(tmp_path / "work")
        names = ["base", *(word for before, word in itertools.pairwise(command) if before == "--set")]
        table = [
            {
                "name": name,
                "metrics": {"accuracy": 0.9},
                "intervals": {"accuracy": [0.88, 0.92]},
                "gains": {"accuracy": 0.01},
                "gain_intervals": {"accuracy": [-0.002, 0.02]},
            }
            for name in names
        ]
        text = json.dumps({"metric": "accuracy", "n": 2350, "rows": table})
        (folder / "comparison.json").write_text(text)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(bench_methods.subprocess, "run", run)

    def ask(*arguments):
        folders = ["--work", str(tmp_path / "work"), "--results", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", ["bench", *arguments, *folders])
        bench_methods.main()
        return commands[-1]

    return ask


def test_each_method_is_a_variant_and_a_row(bench, tmp_path):
    command = bench("melnyk", "max", "--every", "100")
    assert command[1:3] == ["compare", "hangul"]
    assert command[5:] == [
        "--set", "trainer.network=melnyk", "--set", "trainer.pooling=max",
        "--set-both", "trainer.epochs=1", "--set-both", "trainer.every=100",
    ]  # fmt: skip
    with (tmp_path / "methods.csv").open() as file:
        base, melnyk, _ = csv.DictReader(file)
    assert (base["measure"], base["value"], base["spread"]) == ("Hangul, base: accuracy", "0.9", "0.88 to 0.92")
    assert melnyk["measure"] == "Hangul, melnyk against the base: gain in accuracy"
    assert (melnyk["value"], melnyk["spread"], melnyk["n"]) == ("0.01", "-0.002 to 0.02", "2,350 test records")
    assert melnyk["command"] == "python tests/bench/bench_methods.py --every 100 melnyk"


def test_an_unknown_method_is_refused(bench, capsys):
    with pytest.raises(SystemExit):
        bench("magic")
    assert "no method 'magic'; known: average, max" in capsys.readouterr().err


def test_every_method_is_a_recipe_of_its_own(tmp_path):
    import bench_methods

    settings = Settings(recipe="hangul", home=str(tmp_path), input=str(tmp_path))
    planned = plan_variants(settings, [*bench_methods.METHODS.values()], [])
    assert len(planned) == len(bench_methods.METHODS) + 1
