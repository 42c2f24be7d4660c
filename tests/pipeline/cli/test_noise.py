"""A console that is for people: what TensorFlow and its packages remark while they start is not on it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.serving.portable import FOLDER


def run(folder, *arguments, program="tfx-ocr"):
    """Run a command in a process of its own and in an environment that asks TensorFlow for nothing."""
    return subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        capture_output=True, text=True, timeout=300, check=False, cwd=folder, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]], ids=" ".join)
def test_help_is_all_that_is_printed(tmp_path, arguments):
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_report_is_all_that_is_printed(tmp_path):
    result = {"status": "stopped", "step": "Trainer", "sentence": "no memory", "log": "tfx.log"}
    (tmp_path / "work/digits").mkdir(parents=True)
    (tmp_path / "work/digits/last_run.json").write_text(json.dumps(result))
    done = run(tmp_path, "report", "digits")
    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        "Trainer stopped the run: no memory\nlog: tfx.log\n",
        "",
    )


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory):
    """Copy the model that ships without its portable form, so that TensorFlow is imported."""
    folder = tmp_path_factory.mktemp("export") / "digits" / "1"
    return shutil.copytree(pretrained.get_folder("digits"), folder, ignore=lambda *_: {Path(FOLDER).name})


@pytest.mark.tfx
def test_tensorflow_is_not_heard_where_it_predicts(tmp_path, saved_model, digits_sample):
    done = run(tmp_path, "predict", "digits", digits_sample / "test/5/1550.png", "--model", saved_model)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"digits model {saved_model}"


@pytest.mark.tfx
def test_tensorflow_is_not_heard_where_a_model_is_judged(tmp_path, saved_model, digits_sample):
    done = run(tmp_path, "evaluate", "digits", "--data", digits_sample / "test", "--model", saved_model)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[1].startswith("gate REFUSED: accuracy 0.9346, ")


def test_the_server_says_its_flags_and_no_more(tmp_path):
    done = run(tmp_path, "--help", program="tensorflow_model_server")
    assert (done.returncode, done.stderr) == (0, "")
