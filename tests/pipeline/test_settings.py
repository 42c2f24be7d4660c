"""Settings: environment first, then the file, then the defaults."""

import dataclasses
import shlex
from pathlib import Path

import pytest

from tfx_ocr.pipeline.settings import Settings, load


def test_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path):
    (tmp_path / "tfx-ocr.toml").write_text('home = "from-file"\nserving = "s3://models"\n')
    read = load({"TFX_OCR_HOME": "from-environment"}, tmp_path)
    assert (read.home, read.serving, read.network) == ("from-environment", "s3://models", "")


def test_folders_follow_from_home_and_recipe():
    settings = Settings(recipe="some", home="/somewhere")
    assert settings.root == "/somewhere/some/pipeline"
    assert settings.serving_dir == "/somewhere/serving/some"
    assert settings.tfx_home == Path("/somewhere/tfx")


def test_two_homes_share_no_folder():
    one, other = Settings(home="/one"), Settings(home="/other")
    assert not {one.root, one.serving_dir, str(one.tfx_home)} & {other.root, other.serving_dir, str(other.tfx_home)}


def test_environment_gives_the_same_settings_to_another_process(tmp_path):
    settings = Settings(recipe="some", overrides="trainer.epochs=5 'gate.at_least.accuracy=0.9'")
    assert load(settings.to_environment(), tmp_path) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [("no toml", "is not TOML"), ('hoem = "x"', "no setting 'hoem'; known: home, serving, recipes, recipe, input")],
    ids=["not_toml", "misspelt"],
)
def test_a_bad_file_is_refused_with_what_is_known(tmp_path, text, said):
    (tmp_path / "tfx-ocr.toml").write_text(text)
    with pytest.raises(ValueError, match=said):
        load({}, tmp_path)


def test_beam_flags_are_shell_words():
    settings = dataclasses.replace(Settings(), beam="--runner=FlinkRunner --job_name='two words'")
    assert settings.beam_args == ["--runner=FlinkRunner", "--job_name=two words"]


@pytest.mark.tfx
def test_by_default_tfx_packs_nothing_for_other_machines():
    from tfx.utils.dependency_utils import make_beam_dependency_flags

    flags = Settings().beam_args
    assert len(flags) == 3
    assert make_beam_dependency_flags(flags) == flags


def test_overrides_of_a_command_line_come_after_those_of_the_settings_as_shell_words():
    settings = Settings(overrides="trainer.epochs=2")
    assert settings.join_overrides([]) == "trainer.epochs=2"
    joined = settings.join_overrides(["trainer.epochs=3", "drift.at_most={'label': 0.1}"])
    assert shlex.split(joined) == ["trainer.epochs=2", "trainer.epochs=3", "drift.at_most={'label': 0.1}"]
    assert Settings().join_overrides(["trainer.seed=1"]) == "trainer.seed=1"


def test_a_misspelt_variable_is_refused_with_what_is_known(tmp_path):
    with pytest.raises(ValueError, match=r"environment: no setting TFX_OCR_HOEM; known: TFX_OCR_HOME, TFX_OCR_SERVING"):
        load({"TFX_OCR_HOEM": "x", "TFX_OCR_DATA": "y", "HOME": "z"}, tmp_path)
    assert load({"TFX_OCR_DATA": "y", "TFX_OCR_BARE": "1", "HOME": "z"}, tmp_path) == Settings()
