"""The command line: help with examples at once, and bad use in one sentence."""

import os

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline.cli import COMMANDS, app, main
from tfx_ocr.pipeline.cli.run import lock_folder
from tfx_ocr.pipeline.settings import Settings


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(name):
    result = CliRunner().invoke(app(), [name, "--help"])
    assert result.exit_code == 0
    assert f"tfx-ocr {name} " in result.output


def test_each_example_stands_on_a_line_of_its_own():
    lines = CliRunner().invoke(app(), ["run", "--help"]).output.splitlines()
    first = lines.index("  Examples:")
    assert lines[first + 1 : first + 7] == [
        "    tfx-ocr run digits",
        "    tfx-ocr run digits --data ~/mnist_png --network inception_v3",
        "    tfx-ocr run digits --set trainer.epochs=5 --set gate.at_least.accuracy=0.99",
        "    tfx-ocr run meters --data ~/meters --folds 5 --curve",
        '    tfx-ocr run digits --data ~/june --accept-data "zeros are left out since June"',
        "",
    ]


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


def test_report_says_that_the_first_run_has_not_ended(monkeypatch, tmp_path):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    settings = Settings(home=str(tmp_path), recipe="digits")
    with lock_folder(settings):
        result = CliRunner().invoke(app(), ["report", "digits"])
    assert str(result.exception) == f"a run of digits in {settings.folder} has not ended yet: wait for its end"


@pytest.mark.parametrize(("command", "what"), [("serve", "model"), ("predict", "model"), ("versions", "recipe")])
def test_a_name_that_is_not_known_is_refused_with_the_known_ones(command, what, monkeypatch, tmp_path):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    result = CliRunner().invoke(app(), [command, "no_such"])
    assert f"no {what} 'no_such'; known: digits" in str(result.exception)


def test_report_of_a_name_that_no_recipe_has_says_the_known_ones():
    assert "no recipe 'no_such'; known: digits" in str(CliRunner().invoke(app(), ["report", "no_such"]).exception)


@pytest.mark.parametrize(
    ("settings", "command", "sentence"),
    [
        ("[[[", "predict digits x.png", "tfx-ocr.toml is not TOML: "),
        (
            "trase = 1",
            "predict digits x.png",
            "tfx-ocr.toml: no setting 'trase'; known: home, serving, recipes, recipe, ",
        ),
        ("trase = 1", "serve digits", "tfx-ocr.toml: no setting 'trase'; known: home, serving, recipes, recipe, "),
        ("home = 'x.png'", "run digits", "x.png/samples: Not a directory"),
        ('overrides = "a=\'"', "run digits", 'overrides "a=\'": no closing quotation'),
        ("", "evaluate digits --data . --json gone/x.json", "gone/x.json: No such file or directory"),
    ],
    ids=["settings", "setting", "setting_of_serve", "home", "overrides", "out"],
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


def test_a_second_run_in_the_same_folder_is_refused_and_a_later_one_is_not(monkeypatch, tmp_path):
    (tmp_path / "data/7").mkdir(parents=True)
    (tmp_path / "data/7/1.png").touch()
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tfx_ocr.pipeline.data_check.check_data", lambda *_: [])
    begin = ["run", "digits", "--data", str(tmp_path / "data")]
    tried = []

    def tfx(_, lock):
        os.fstat(lock)
        tried.append(CliRunner().invoke(app(), begin))
        return 0

    monkeypatch.setattr("tfx_ocr.pipeline.cli.run._tfx", tfx)
    assert CliRunner().invoke(app(), begin).exit_code == 0
    assert str(tried[0].exception).startswith(f"another run of digits is under way in {tmp_path / 'home/digits'}: ")
    monkeypatch.setattr("tfx_ocr.pipeline.cli.run._tfx", lambda *_: 1)
    assert CliRunner().invoke(app(), begin).exit_code == 1
