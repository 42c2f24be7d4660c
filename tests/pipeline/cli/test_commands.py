"""The command line: help with examples at once, and bad use in one sentence."""

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline.cli import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(name):
    result = CliRunner().invoke(app(), [name, "--help"])
    assert result.exit_code == 0
    assert f"tfx-ocr {name} " in result.output


def test_the_list_of_commands_says_the_exit_statuses():
    result = CliRunner().invoke(app(), ["--help"])
    assert all(name in result.output for name in COMMANDS)
    assert "2 bad use" in " ".join(result.output.split())


def test_completion_is_there():
    assert "--install-completion" in CliRunner().invoke(app(), ["--help"]).output


def test_report_without_a_run_says_how_to_begin(monkeypatch, tmp_path):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    result = CliRunner().invoke(app(), ["report", "digits"])
    assert "begin with `tfx-ocr run digits`" in str(result.exception)
