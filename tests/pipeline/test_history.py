"""Runs, versions and images found in ML Metadata that is written here by hand."""

import hashlib
import json
from pathlib import Path

import pytest
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from tfx_ocr.pipeline import history, metadata
from tfx_ocr.pipeline.settings import Settings

COMPLETE, CACHED, FAILED = mlmd.Execution.COMPLETE, mlmd.Execution.CACHED, mlmd.Execution.FAILED
GATE = {"split": "test", "n": 3, "metrics": {"accuracy": 0.75}, "served": {"version": 7}}


@pytest.fixture
def settings(tmp_path):
    return Settings(home=str(tmp_path))


@pytest.fixture
def put_run(settings, tmp_path):
    """Put a run into the store: steps as (class, state, artifact types); a cached step reuses its artifacts."""
    settings.folder.mkdir()
    store = MetadataStore(metadata.get_connection(settings))
    made = {}

    def put(name, steps, version=0):
        [run] = store.put_contexts([mlmd.Context(name=name, type_id=_type(store, "context", "pipeline_run"))])
        for step, state, kinds in steps:
            [execution] = store.put_executions(
                [
                    mlmd.Execution(
                        type_id=_type(store, "execution", f"tfx_ocr.{step}"),
                        last_known_state=state,
                        custom_properties={
                            "recipe": mlmd.Value(string_value=json.dumps({step.lower(): step})),
                            "code_version": mlmd.Value(string_value=f"code of {step}"),
                            "input_base": mlmd.Value(string_value="/data"),
                        },
                    )
                ]
            )
            links = []
            for kind in kinds:
                if state == COMPLETE:
                    made[kind] = _artifact(store, tmp_path, kind, version)
                    event = mlmd.Event(artifact_id=made[kind], execution_id=execution, type=mlmd.Event.OUTPUT)
                    store.put_events([event])
                elif state == CACHED:
                    event = mlmd.Event(artifact_id=made[kind], execution_id=execution, type=mlmd.Event.OUTPUT)
                    store.put_events([event])
                links.append(mlmd.Attribution(artifact_id=made[kind], context_id=run))
            store.put_attributions_and_associations(links, [mlmd.Association(execution_id=execution, context_id=run)])
        return store

    return put


def _type(store, kind, name):
    of_kind = {"context": mlmd.ContextType, "execution": mlmd.ExecutionType, "artifact": mlmd.ArtifactType}[kind]
    return getattr(store, f"put_{kind}_type")(of_kind(name=name), can_add_fields=True)


def _artifact(store, tmp_path, kind, version):
    folder = tmp_path / f"{kind}{len(store.get_artifacts())}"
    folder.mkdir()
    properties = {}
    if kind == "Examples":
        properties["input_fingerprint"] = mlmd.Value(string_value="files:3")
        (folder / "summary.json").write_text('{"splits": {"train": 2, "test": 1}}')
    if kind == "ExampleAnomalies":
        (folder / "drift.json").write_text('{"accepted": {"by": "anna", "why": "new forms"}}')
    if kind == "ModelEvaluation":
        (folder / "gate.json").write_text(json.dumps(GATE))
    if kind == "PushedModel":
        properties["pushed"] = mlmd.Value(int_value=int(bool(version)))
        properties["pushed_version"] = mlmd.Value(string_value=str(version))
    artifact = mlmd.Artifact(
        type_id=_type(store, "artifact", kind), uri=str(folder), custom_properties=properties, state=mlmd.Artifact.LIVE
    )
    [number] = store.put_artifacts([artifact])
    return number


def steps(state, *, pusher=True):
    of_run = [("ExampleGen", state, ["Examples"]), ("Evaluator", state, ["ModelEvaluation"])]
    return [*of_run, ("Pusher", state, ["PushedModel"])] if pusher else of_run


def test_runs_are_listed_newest_first_with_what_each_pushed(put_run):
    put_run("digits.2026-01-01", steps(COMPLETE), version=1000)
    put_run("digits.2026-01-02", steps(CACHED))
    put_run("digits.2026-01-03", [*steps(CACHED, pusher=False)[:1], ("Evaluator", FAILED, [])])
    put_run("digits.2026-01-04", steps(COMPLETE))
    store = put_run("hangul.2026-01-05", steps(COMPLETE), version=2000)
    runs = history.list_runs(store, "digits")
    shown = [(run["run"][-2:], run["status"], run["version"], run["ran"], run["ended"]) for run in runs]
    assert shown == [
        ("04", "refused", None, 3, 3),
        ("03", "unfinished", None, 0, 1),
        ("02", "pushed", 1000, 0, 3),
        ("01", "pushed", 1000, 3, 3),
    ]
    assert (runs[0]["split"], runs[0]["n"], runs[0]["metrics"]) == ("test", 3, {"accuracy": 0.75})
    assert runs[1]["metrics"] is None


def test_a_pack_is_told_from_a_run_that_stopped(put_run):
    put_run("digits.2026-01-01-pack", [("ExampleGen", COMPLETE, ["Examples"]), ("Transform", COMPLETE, [])])
    store = put_run("digits.2026-01-02-pack", [("ExampleGen", CACHED, ["Examples"]), ("Transform", FAILED, [])])
    assert [run["status"] for run in history.list_runs(store, "digits")] == ["unfinished", "packed"]


def test_a_version_is_described_by_the_steps_that_made_it(put_run):
    validator = ("ExampleValidator", COMPLETE, ["ExampleAnomalies"])
    put_run("digits.2026-01-01", [*steps(COMPLETE), validator], version=1000)
    store = put_run("digits.2026-01-02", steps(CACHED))
    described = history.describe_version(store, "digits", 1000)
    assert described["run"] == "digits.2026-01-01"
    splits = {"train": 2, "test": 1}
    accepted = {"by": "anna", "why": "new forms"}
    expected = {"input": "/data", "fingerprint": "files:3", "splits": splits, "accepted": accepted}
    assert described["data"] == expected
    assert described["recipe"] == {"examplegen": "ExampleGen", "evaluator": "Evaluator", "pusher": "Pusher"} | {
        "examplevalidator": "ExampleValidator"
    }
    assert described["code"]["Pusher"] == "code of Pusher"
    assert set(described["seconds"]) == {"ExampleGen", "ExampleValidator", "Evaluator", "Pusher"}
    assert described["compared"] == {"version": 7}


def test_a_version_that_another_recipe_or_none_pushed_is_unknown(put_run):
    store = put_run("hangul.2026-01-01", steps(COMPLETE), version=1000)
    with pytest.raises(ValueError, match="no run of digits in its metadata pushed version 1000"):
        history.describe_version(store, "digits", 1000)


@pytest.mark.tfx
def test_an_image_is_traced_to_its_split_label_and_models(put_run):
    import tensorflow as tf

    from tfx_ocr.data import features

    put_run("digits.2026-01-01", steps(COMPLETE), version=1000)
    store = put_run("digits.2026-01-02", [*steps(CACHED)[:2], ("Pusher", COMPLETE, ["PushedModel"])], version=1001)
    [examples] = [artifact for artifact in store.get_artifacts() if "input_fingerprint" in artifact.custom_properties]
    folder = Path(examples.uri) / "Split-train"
    folder.mkdir()
    texts = {features.IMAGE: b"image", features.LABEL: b"7", features.SOURCE: b"a.png", features.GROUP: b"w3"}
    with tf.io.TFRecordWriter(str(folder / "data.gz"), "GZIP") as writer:
        for image in (b"other", b"image"):
            example = tf.train.Example()
            for name, value in {**texts, features.IMAGE: image}.items():
                example.features.feature[name].bytes_list.value.append(value)
            writer.write(example.SerializeToString())
    digest = hashlib.sha256(b"image").hexdigest()
    assert list(history.find_image(store, "digits", digest)) == [
        {"split": "train", "label": "7", "source": "a.png", "group": "w3", "versions": [1000, 1001]}
    ]
    assert list(history.find_image(store, "digits", "0" * 64)) == []
