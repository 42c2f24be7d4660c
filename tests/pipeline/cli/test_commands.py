"""The command line: help with examples at once, and bad use in one sentence."""

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline.cli import COMMANDS, app, main


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


def test_report_of_a_name_that_no_recipe_has_says_the_known_ones():
    assert "no recipe 'no_such'; known: digits" in str(CliRunner().invoke(app(), ["report", "no_such"]).exception)


@pytest.mark.parametrize(
    ("settings", "command", "sentence"),
    [
        ("[[[", "predict digits x.png", "tfx-ocr.toml is not TOML: "),
        ("trase = 1", "predict digits x.png", "tfx-ocr.toml: no setting 'trase'; known: recipe, "),
        ("home = 'x.png'", "run digits", "x.png/samples: Not a directory"),
        ('overrides = "a=\'"', "run digits", 'overrides "a=\'": no closing quotation'),
        ("", "evaluate digits --data . --json gone/x.json", "gone/x.json: No such file or directory"),
    ],
    ids=["settings", "setting", "home", "overrides", "out"],
)
def test_what_the_settings_or_the_system_refuse_is_one_sentence(
    monkeypatch, tmp_path, capsys, settings, command, sentence
):
    (tmp_path / "tfx-ocr.toml").write_text(settings)
    (tmp_path / "x.png").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["tfx-ocr", *command.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith("tfx-ocr: ")
    assert sentence in said
    assert said.count("\n") == 1
