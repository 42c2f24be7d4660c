import dataclasses
import json

import pytest

from tfx_ocr.components.stop import Stop
from tfx_ocr.data.alphabets.inline import Classes
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving import versions

pytestmark = pytest.mark.tfx

DIGITS = get_recipe("digits")
JUDGED = {
    "split": "test",
    "n": 4,
    "metrics": {"accuracy": 0.75},
    "examples_digest": "abc",
    "trained_on": "0a 0b",
    "profile": {"labels": {"7": 3}},
    "blessed": True,
}


@pytest.fixture
def push(artifact, write_export, tmp_path):
    """Run the executor on a tiny model; the `pushed_model` and its folder."""
    from tfx_ocr.components.pusher.executor import Executor

    write_export(tmp_path / "model" / "Format-Serving")
    runs = []

    def run(
        blessed=1,
        infra_blessed=1,
        judged=JUDGED,
        base=str(tmp_path / "served"),
        portable=None,
        recipe=DIGITS,
        keep=0,
    ):
        runs.append(tmp_path / f"run{len(runs)}")
        blessing = artifact("ModelBlessing", runs[-1] / "blessing")
        blessing.set_int_custom_property("blessed", blessed)
        if judged:
            (runs[-1] / "blessing" / "gate.json").write_text(json.dumps(judged))
        infra = artifact("InfraBlessing", runs[-1] / "infra")
        infra.set_int_custom_property("blessed", infra_blessed)
        if portable:
            (runs[-1] / "infra" / "portable.json").write_text(json.dumps(portable))
        pushed = artifact("PushedModel", runs[-1] / "pushed")
        Executor().Do(
            {
                "model": [artifact("Model", tmp_path / "model")],
                "model_blessing": [blessing],
                "infra_blessing": [infra],
            },
            {"pushed_model": [pushed]},
            {
                "push_destination": json.dumps({"filesystem": {"base_directory": base}}),
                "recipe": recipe.dump_part("pusher"),
                "keep": keep,
            },
        )
        return pushed, runs[-1] / "pushed"

    return run


def test_a_blessed_model_is_served_with_its_manifest(push, tmp_path):
    pushed, folder = push()
    (version,) = versions.list_versions(tmp_path / "served")
    manifest = versions.verify(tmp_path / "served" / str(version))
    assert (manifest.recipe, manifest.task, manifest.alphabet) == ("digits", "classification", "digits")
    assert manifest.input["kind"] == "image"
    assert (manifest.input["height"], manifest.input["width"], manifest.input["channels"]) == (75, 75, 1)
    assert (manifest.split, manifest.n, manifest.metrics) == ("test", 4, {"accuracy": 0.75})
    assert (manifest.examples_digest, manifest.trained_on) == ("abc", "0a 0b")
    assert manifest.profile == {"labels": {"7": 3}}
    assert manifest.signatures == ("serve_images", "serving_default")
    assert manifest.tensorflow.startswith("2.")
    assert manifest.files == versions.compute_digests(tmp_path / "model" / "Format-Serving")
    assert versions.read_manifest(folder) == manifest
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]  # the model is not stored twice

    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_version") == str(version)
    assert pushed.get_string_custom_property("pushed_destination") == str(tmp_path / "served" / str(version))


def test_a_manifest_holds_the_classes_that_a_recipe_states(push, tmp_path):
    push(recipe=dataclasses.replace(get_recipe("digits"), alphabet=Classes(classes=("A", "B"))))
    (version,) = versions.list_versions(tmp_path / "served")
    assert versions.verify(tmp_path / "served" / str(version)).alphabet == {"classes": ["A", "B"]}


@pytest.mark.parametrize(("blessed", "infra_blessed"), [(0, 1), (1, 0), (0, 0)])
def test_a_model_that_is_not_blessed_is_not_pushed(push, tmp_path, blessed, infra_blessed):
    pushed, folder = push(blessed=blessed, infra_blessed=infra_blessed)
    assert pushed.get_int_custom_property("pushed") == 0
    assert versions.list_versions(tmp_path / "served") == []
    assert list(folder.iterdir()) == []


def test_a_push_that_died_before_it_was_recorded_is_recognised(push, tmp_path):
    first, _ = push()
    again, folder = push()
    assert len(versions.list_versions(tmp_path / "served")) == 1
    assert again.get_int_custom_property("pushed") == 1
    version = first.get_string_custom_property("pushed_version")
    assert again.get_string_custom_property("pushed_version") == version
    assert versions.read_manifest(folder).version == int(version)


def test_a_model_that_was_rolled_back_is_not_pushed_again(push, tmp_path):
    served = tmp_path / "served"
    push()
    (first,) = versions.list_versions(served)
    export = tmp_path / "model" / "Format-Serving"
    (export / "assets.txt").write_text("better")
    push()
    restored = versions.roll_back(served, why="misreads 7").version
    pushed, folder = push()
    assert pushed.get_int_custom_property("pushed") == 0
    assert list(folder.iterdir()) == []
    assert versions.find_newest(served) == restored
    assert versions.read_manifest(served / str(restored)).restores == first
    (export / "assets.txt").write_text("better still")
    assert push()[0].get_int_custom_property("pushed") == 1


def test_old_versions_go_when_the_settings_say_so(push, tmp_path):
    export = tmp_path / "model" / "Format-Serving"
    for text in ("a", "b", "c"):
        (export / "assets.txt").write_text(text)
        push(keep=2)
    assert len(versions.list_versions(tmp_path / "served")) == 2


def test_a_target_that_cannot_be_written_is_one_sentence(push, tmp_path):
    (tmp_path / "served").write_text("a file where the folder was")
    with pytest.raises(Stop, match=r"cannot push to .*served: .*served: Not a directory$"):
        push()


def test_a_blessing_by_another_evaluator_is_pushed_without_metrics(push, tmp_path):
    push(judged=None)
    (version,) = versions.list_versions(tmp_path / "served")
    assert versions.read_manifest(tmp_path / "served" / str(version)).metrics == {}


def test_object_storage_is_refused_in_a_sentence(push):
    with pytest.raises(Stop, match="cannot push to 's3://models/digits': a version appears by one rename"):
        push(base="s3://models/digits")


@pytest.mark.parametrize(
    ("portable", "is_there"), [({"carried": True}, True), ({"carried": False}, False), (None, False)]
)
def test_the_portable_form_goes_along_where_it_was_found_to_agree(push, write_portable, tmp_path, portable, is_there):
    write_portable(tmp_path / "model" / "Format-Serving")
    pushed, _ = push(portable=portable)
    folder = tmp_path / "served" / pushed.get_string_custom_property("pushed_version")
    assert (folder / "assets.extra/portable/network.tflite").is_file() == is_there
    assert (folder / "assets.extra").exists() == is_there
    assert ("assets.extra/portable/network.tflite" in versions.verify(folder).files) == is_there


def test_a_model_whose_portable_form_is_carried_from_now_on_is_a_new_version(push, write_portable, tmp_path):
    write_portable(tmp_path / "model" / "Format-Serving")
    for carried in (False, False, True):
        push(portable={"carried": carried})
    assert len(versions.list_versions(tmp_path / "served")) == 2
