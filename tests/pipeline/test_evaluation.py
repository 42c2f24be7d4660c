"""`tfx-ocr evaluate` by the model that ships: what it asks, what it sets aside."""

import dataclasses
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tfx_ocr.components.evaluator import records
from tfx_ocr.data import pretrained
from tfx_ocr.data.example import serialize_example
from tfx_ocr.data.images import to_png
from tfx_ocr.data.record import Record
from tfx_ocr.data.record_file import write
from tfx_ocr.pipeline.cli.evaluate import _lines as format_lines
from tfx_ocr.pipeline.evaluation import evaluate
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions
from tfx_ocr.serving.portable import FOLDER

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def digits(digits_sample, tmp_path_factory):
    """Write a folder per label of the sample's test pictures, about 5 each."""
    folder = tmp_path_factory.mktemp("digits")
    for path in sorted((digits_sample / "test").rglob("*.png"))[::8]:
        (folder / path.parent.name).mkdir(exist_ok=True)
        Image.open(path).resize((32, 32)).save(folder / path.parent.name / path.name)
    return folder


@pytest.fixture
def settings(tmp_path):
    return Settings(home=str(tmp_path / "home"))


def saved_as(digits, folder, ending, mode):
    """Save the same pictures in another format, without loss."""
    for path in digits.rglob("*.png"):
        target = folder / path.parent.name / f"{path.stem}{ending}"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).convert(mode).save(target, lossless=True)
    return folder


@pytest.mark.parametrize(("ending", "mode"), [(".tif", "L"), (".webp", "RGB"), (".bmp", "P")])
def test_a_format_that_tensorflow_does_not_read_gives_the_same_numbers(settings, digits, tmp_path, ending, mode):
    as_png = evaluate(settings, digits, None)
    other = evaluate(settings, saved_as(digits, tmp_path / "other", ending, mode), None)
    assert as_png["model"]["version"] == other["model"]["version"] == "pretrained"
    assert as_png["n"] == other["n"] == len(list(digits.rglob("*.png")))
    assert as_png["metrics"]["accuracy"] > 0.8
    assert other["metrics"] == as_png["metrics"]
    assert other["set_aside"]["n"] == 0


@pytest.fixture(scope="module")
def without_portable(tmp_path_factory):
    """Copy the model that ships, as one that was pushed before there was a portable form."""
    folder = tmp_path_factory.mktemp("export") / "digits" / "1"
    return shutil.copytree(pretrained.get_folder("digits"), folder, ignore=lambda *_: {Path(FOLDER).name})


def test_the_portable_form_gives_the_numbers_of_the_saved_model(settings, digits, without_portable):
    portable, saved_model = evaluate(settings, digits, None), evaluate(settings, digits, without_portable)
    assert portable.pop("model")["version"] == "pretrained"
    assert saved_model.pop("model")["version"] == str(without_portable)
    assert portable == saved_model


def test_the_portable_form_is_judged_without_tensorflow(digits, tmp_path):
    code = (
        "import atexit, sys\n"
        "heavy = {'tensorflow', 'keras', 'tensorflow_model_analysis', 'apache_beam'}\n"
        "atexit.register(lambda: print('loaded:', *sorted(heavy & set(sys.modules))))\n"
        "from tfx_ocr.pipeline.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "evaluate", "digits", "--data", str(digits)],
        capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
    )  # fmt: skip
    heading, verdict, *_, loaded = done.stdout.splitlines()
    assert (heading, loaded) == (f"digits model pretrained on {digits}", "loaded:")
    assert verdict.startswith("gate ")
    assert done.stderr == ""


def test_what_example_gen_sets_aside_is_set_aside(settings, digits, without_portable, tmp_path):
    data = saved_as(digits, tmp_path / "data", ".png", "L")
    written = io.BytesIO()
    Image.effect_noise((16, 16), 50).save(written, "JPEG")
    early = written.getvalue()[:-3] + b"\xff\xd0\xd9"  # a restart that nothing announced: only TensorFlow refuses it
    for name, content in {"7/cut.png": early[:20], "7/early.jpg": early, "x/1.png": b"", "1.png": b""}.items():
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(content)
    # what TensorFlow alone refuses is set aside for a model that TensorFlow runs
    assert evaluate(settings, data, None)["n"] == len(list(digits.rglob("*.png"))) + 1
    result = evaluate(settings, data, without_portable)
    assert result["n"] == len(list(digits.rglob("*.png")))
    assert {each["source"]: each["reason"].split(":")[0] for each in result["set_aside"]["examples"]} == {
        "1.png": "not in a label's folder",
        "7/cut.png": "not an image",
        "7/early.jpg": "damaged image",
        "x/1.png": "unknown label",
    }
    assert result["set_aside"]["reasons"] == dict.fromkeys(
        ("not in a label's folder", "not an image", "damaged image", "unknown label"), 1
    )


def test_data_without_anything_to_judge_is_refused_with_a_reason(settings, tmp_path):
    (tmp_path / "x").mkdir()
    Image.new("L", (9, 9)).save(tmp_path / "x/1.png")
    with pytest.raises(ValueError, match=r"no examples to judge in .*: 1 set aside, such as x/1\.png: unknown label: "):
        evaluate(settings, tmp_path, None)


def test_a_model_of_another_kind_is_refused_by_name(settings, tmp_path):
    invoices = dataclasses.replace(settings, recipe="invoices")
    page = Record(features={"words": [b"A"], "boxes": [0.0] * 4, "entities": [b"total"]}, source="a")
    write(tmp_path / "pages.tfrecord", [page])
    with pytest.raises(ValueError, match="is not a model of invoices: it lacks the signature serve_words"):
        evaluate(invoices, tmp_path, pretrained.get_folder("digits"))


def test_records_that_the_model_was_trained_on_are_counted(settings, digits, tmp_path):
    paths = sorted(digits.rglob("*.png"))
    shown = [serialize_example({"image": [to_png(path.read_bytes())], "label": [b"another"]}) for path in paths[:7]]
    folder = shutil.copytree(pretrained.get_folder("digits"), tmp_path / "digits" / "1")
    assert evaluate(settings, digits, folder)["seen"] == {"n": 0, "of": len(paths)}
    manifest = dataclasses.replace(versions.read_manifest(folder), trained_on=" ".join(records.select_sample(shown)))
    (folder / versions.MANIFEST).write_text(json.dumps(dataclasses.asdict(manifest)), encoding="utf-8")
    result = evaluate(settings, digits, folder)
    assert result["seen"] == {"n": 7, "of": len(paths)}
    sentence = f"the model was trained on 7 of {len(paths)} records: these numbers are not of new ones"
    assert sentence in format_lines(result)
