"""Where a model lies: servers by address, folders, names of recipes; and a version that the code of 920a734 pushed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.serving import versions
from tfx_ocr.serving.locations import find_folder, find_scheme, list_pushed
from tfx_ocr.serving.settings import Settings, load

OLD = Path(__file__).parent / "pushed_by_920a734"


@pytest.mark.parametrize(
    ("location", "scheme"),
    [
        ("localhost:8500", "grpc"),
        ("10.0.0.1:80", "grpc"),
        ("[::1]:8500", "grpc"),
        ("dns:///models:8500", "grpc"),
        ("unix:/run/models.sock", "grpc"),
        ("http://localhost:8501", "http"),
        ("https://models", "https"),
        ("digits", ""),
        ("work/serving/digits", ""),
        (Path("localhost:8500/1"), ""),
    ],
)
def test_a_server_is_told_by_its_address(location, scheme):
    assert find_scheme(location) == scheme


def test_another_scheme_is_refused():
    with pytest.raises(ValueError, match="ftp is not known; give http://HOST:PORT, or HOST:PORT for gRPC"):
        find_scheme("ftp://models:21")


def push(folder, *numbers):
    for number in numbers:
        (folder / number).mkdir(parents=True)
        (folder / number / "saved_model.pb").touch()


def test_a_name_is_the_newest_pushed_version_else_what_ships(tmp_path):
    settings = Settings(home=str(tmp_path))
    assert find_folder("digits", settings) == (pretrained.get_folder("digits"), "digits", "pretrained")
    assert find_folder("mine", settings, shipped="digits") == (pretrained.get_folder("digits"), "mine", "pretrained")
    push(tmp_path / "serving/digits", "3", "012")
    assert find_folder("digits", settings) == (tmp_path / "serving/digits/012", "digits", "12")


def test_a_name_without_a_model_says_what_to_do(tmp_path):
    settings = Settings(home=str(tmp_path), recipes=str(tmp_path / "recipes"))
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/mine.toml").touch()
    with pytest.raises(
        ValueError,
        match=r"no version of mine in .*: run `tfx-ocr run mine --data FOLDER`, give the folder of a model, or name",
    ):
        find_folder("mine", settings)
    with pytest.raises(ValueError, match=r"no version of pages in .*: run `tfx-ocr run pages`, give"):
        find_folder("pages", settings)
    with pytest.raises(ValueError, match="no version of digits"):
        find_folder("digits", Settings(home=str(tmp_path)), shipped="")


def test_a_name_that_is_of_no_recipe_says_which_models_there_are(tmp_path):
    settings = Settings(home=str(tmp_path))
    known = "no model 'runes'; known: digits, hangul, invoices, lines, print, which ship, and"
    with pytest.raises(ValueError, match=f"{known} nothing pushed to {tmp_path}/serving; else give the folder"):
        find_folder("runes", settings)
    push(tmp_path / "serving/meters", "3")
    push(tmp_path / "serving/digits", "3")
    (tmp_path / "serving/never").mkdir()
    assert list_pushed(settings) == ["digits", "meters"]
    with pytest.raises(ValueError, match=f"{known} digits, meters, pushed to {tmp_path}/serving; else") as refused:
        find_folder("runes", settings)
    assert "tfx-ocr run" not in str(refused.value)


def test_a_folder_is_a_version_or_holds_versions(tmp_path):
    push(tmp_path / "m", "3", "12")
    assert find_folder(tmp_path / "m") == (tmp_path / "m/12", "m", "12")
    assert find_folder(str(tmp_path / "m/3")) == (tmp_path / "m/3", "m", str(tmp_path / "m/3"))
    with pytest.raises(ValueError, match=r"no exported model at .*empty: give a folder that holds saved_model\.pb"):
        find_folder(tmp_path / "empty")


def test_a_folder_of_a_recipes_name_does_not_hide_the_recipe(tmp_path, monkeypatch):
    push(tmp_path / "digits", "1")
    push(tmp_path / "mine", "1")
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=str(tmp_path / "home"))
    assert find_folder("digits", settings).version == "pretrained"
    assert find_folder("mine", settings) == (Path("mine/1"), "mine", "1")


def test_settings_are_read_from_the_environment_then_the_file_which_may_name_others(tmp_path):
    (tmp_path / "tfx-ocr.toml").write_text('home = "from-file"\nserving = "/models"\nrecipe = "lines"\n')
    read = load(Settings, {"TFX_OCR_HOME": "from-environment", "TFX_OCR_RECIPE": "hangul"}, tmp_path)
    assert read == Settings(home="from-environment", serving="/models")
    assert read.get_serving_dir("lines") == "/models/lines"


def test_a_manifest_of_before_lacks_input_task_and_alphabet():
    (version,) = versions.list_versions(OLD)
    manifest = versions.verify(OLD / str(version))
    assert (manifest.recipe, manifest.metrics["accuracy"]) == ("digits", 0.75)
    assert (manifest.input, manifest.task, manifest.alphabet) == ({}, "", "")
    assert "task" not in json.loads((OLD / str(version) / "manifest.json").read_text())


def test_a_version_of_before_is_rolled_back_to(tmp_path):
    folder = shutil.copytree(OLD, tmp_path / "digits")
    (old,) = versions.list_versions(folder)
    (folder / str(old + 1)).mkdir()
    manifest = versions.roll_back(folder, old)
    assert manifest.version > old + 1
    assert manifest.files == versions.read_manifest(folder / str(old)).files


@pytest.mark.tfx
def test_a_version_of_before_answers():
    from tfx_ocr.serving.locations import open_model

    with open_model(OLD) as model:
        assert (model.name, model.version) == ("pushed_by_920a734", str(versions.find_newest(OLD)))
        answers = model.ask("serve_images", {"image_bytes": np.array([b"7d", b"32"], dtype=object)})
    assert answers["label"].tolist() == [b"7", b"3"]
    assert answers["probability"].tolist() == [1.0, 0.5]


@pytest.mark.tfx
def test_a_version_of_before_is_compared_with():
    from tfx_ocr.components.evaluator import baseline
    from tfx_ocr.components.evaluator.metrics import get_metrics

    served = baseline.read_baseline(str(OLD), "abc", get_metrics("classification"))
    assert served.metrics["macro_f1"] == 0.75


def test_a_server_needs_the_name_of_a_model():
    from tfx_ocr.serving.locations import open_model

    with pytest.raises(ValueError, match="server localhost:8500: give the name of the model to ask"):
        open_model("localhost:8500")
