"""The executor over folders as the steps leave them."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import pathlib

import pytest

from tfx_ocr.components.recipe import Gate

pytestmark = pytest.mark.tfx

ENDED = datetime.datetime(2026, 11, 21, 9, 1, 30)
STEPS = {
    "examples": "ExampleGen",
    "statistics": "StatisticsGen",
    "anomalies": "ExampleValidator",
    "schema": "ImportSchemaGen",
    "transform_graph": "Transform",
    "model": "Trainer",
    "model_run": "Trainer",
    "evaluation": "Evaluator",
    "blessing": "Evaluator",
    "infra_blessing": "InfraValidator",
    "pushed_model": "Pusher",
}


@pytest.fixture
def artifacts(tmp_path):
    """Build the inputs of a report by name, each an empty folder below a pipeline root."""
    from tfx_ocr.components.report.component import ReportSpec

    made = {}
    for number, (name, step) in enumerate(STEPS.items(), start=1):
        artifact = ReportSpec.INPUTS[name].type()
        artifact.uri = str(tmp_path / "root" / step / name / str(number))
        artifact.id = 100 + number
        artifact.mlmd_artifact.create_time_since_epoch = int(ENDED.timestamp() * 1000)
        (tmp_path / "root" / step / name / str(number)).mkdir(parents=True)
        made[name] = artifact
    made["examples"].split_names = '["train", "eval", "test"]'
    return made


@pytest.fixture
def report(artifacts, tmp_path, read_html):
    """Run the executor: `report()` is the page as a reader sees it, and the numbers behind it."""
    from tfx.types.experimental import simple_artifacts

    from tfx_ocr.components.report.executor import Executor

    target = simple_artifacts.File()
    target.uri = str(tmp_path / "root" / "Report" / "report" / "20")

    def make(slices=()):
        gate = Gate(at_least={"accuracy": 0.93}, slices=slices)
        part = {"name": "digits", "task": "classification", "alphabet": "digits", "gate": dataclasses.asdict(gate)}
        Executor().Do(
            {name: [artifact] for name, artifact in artifacts.items()},
            {"report": [target]},
            {"recipe": json.dumps(part), "code_version": "0123456789ab"},
        )
        folder = tmp_path / "root" / "Report" / "report" / "20"
        return read_html((folder / "index.html").read_text()), json.loads((folder / "report.json").read_text())

    return make


@pytest.fixture
def write(artifacts):
    """Return `write(input, name, text or bytes)`, which writes into an input's folder."""

    def into(key, name, content):
        path = pathlib.Path(artifacts[key].uri, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return into


def test_report_of_a_whole_run(artifacts, report, write, write_examples, make, tmp_path):
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    splits = {
        "test": [(make.png("4", (20, 10)), "4"), (b"?", "7")],
        "train": [(make.png("4", (30, 20)), "4")],
        "eval": [(make.png("9"), "9")],
    }
    artifacts["examples"] = write_examples(pathlib.Path(artifacts["examples"].uri), splits)
    write("examples", "rejected.jsonl", '{"source": "train/x.png", "reason": "not an image: empty file"}\n')
    answers = [
        {
            "source": "test/4/0.png",
            "group": "",
            "reference": "4",
            "answer": "9",
            "outputs": {"label": "9", "probability": 0.875},
        },
        {
            "source": "test/7/1.png",
            "group": "",
            "reference": "7",
            "answer": "1",
            "outputs": {"label": "1", "probability": 0.5},
        },
    ]
    write("evaluation", "answers-00000-of-00002.jsonl", json.dumps(answers[0]) + "\n")
    write("evaluation", "answers-00001-of-00002.jsonl", json.dumps(answers[1]) + "\n")
    write("evaluation", "gate.json", json.dumps(make.gate_json()))
    calibration = {"temperature": 2.0, "n": 40, "wrong": 10, "before": 0.15, "after": 0.01}
    write("model", "Format-Serving/assets.extra/calibration.json", json.dumps(calibration))
    write("model_run", "history.csv", "epoch,loss,val_loss\n1,0.5,nan\n2,0.25,0.3\n")
    write("pushed_model", "manifest.json", '{"version": 5}')
    anomalies = anomalies_pb2.Anomalies()
    anomalies.anomaly_info["label"].short_description = "Unexpected value"
    anomalies.anomaly_info["label"].description = "x (50%)"
    anomalies.anomaly_info["label"].severity = anomalies_pb2.AnomalyInfo.ERROR
    write("anomalies", "Split-eval/SchemaDiff.pb", anomalies.SerializeToString())
    write("anomalies", "Split-train/SchemaDiff.pb", anomalies_pb2.Anomalies().SerializeToString())
    for name, flag in (("blessing", "blessed"), ("infra_blessing", "blessed"), ("pushed_model", "pushed")):
        artifacts[name].set_int_custom_property(flag, 1)

    page, facts = report()

    assert "Served as version 5" in page.texts["verdict"]
    assert facts["mistakes"]["shown"] == [
        {"source": "test/4/0.png", "reference": "4", "hypothesis": "9", "badness": 0.875},
        {"source": "test/7/1.png", "reference": "7", "hypothesis": "1", "badness": 0.5},
    ]
    assert [alt for _, alt in page.images] == ["test/4/0.png: 4, read as 9"]  # the other is not a picture
    assert page.tables["Records of each split and label"][1] == ["4", "1", "0", "1"]
    assert facts["data"]["rejected"]["reasons"] == [
        {"reason": "not an image", "n": 1, "examples": [{"source": "train/x.png", "detail": "empty file"}]}
    ]
    assert facts["data"]["anomalies"] == [
        {"split": "eval", "feature": "label", "severity": "ERROR", "short": "Unexpected value", "text": "x (50%)"}
    ]
    assert facts["curves"]["columns"] == {"loss": [0.5, 0.25], "val_loss": [None, 0.3]}
    assert facts["curves"]["best"] == 2
    assert facts["calibration"]["fitted"] == calibration
    assert facts["calibration"]["error"] == 0.6875  # both wrong, with 0.875 and 0.5
    trainer = next(row for row in facts["lineage"]["steps"] if row["step"] == "Trainer")
    assert trainer["ended"] == "2026-11-21T09:01:30"
    assert trainer["artifacts"] == [
        {"name": "model", "type": "Model", "id": 106, "uri": "Trainer/model/6"},
        {"name": "model_run", "type": "ModelRun", "id": 107, "uri": "Trainer/model_run/7"},
    ]
    assert "0123456789ab" in page.texts["lineage"]
    folder = tmp_path / "root" / "Report" / "report" / "20"
    assert (folder / "model_card.md").read_text().startswith("# Model card: digits\n")
    shards = json.loads((folder / "croissant.json").read_text())["distribution"]
    for shard in shards:
        contents = pathlib.Path(artifacts["examples"].uri, shard["contentUrl"]).read_bytes()
        assert (shard["sha256"], shard["contentSize"]) == (hashlib.sha256(contents).hexdigest(), f"{len(contents)} B")
    assert {shard["contentUrl"].split("/")[0] for shard in shards} == {"Split-train", "Split-eval", "Split-test"}


def test_report_of_steps_that_left_nothing_says_what_is_missing(artifacts, report):
    page, facts = report()
    assert facts["verdict"]["state"] == "unknown"
    assert "The Trainer left no history.csv." in page.texts["curves"]
    assert "ExampleGen left no rejected.jsonl." in page.texts["data"]
    assert "ExampleValidator left no anomalies file." in page.texts["data"]
    assert "The evaluation holds no answers." in page.texts["mistakes"]


def test_report_of_a_refused_model_gives_both_reasons(artifacts, report, write, make):
    gate = make.gate_json()
    gate["checks"][0] |= {"ok": False, "sentence": "accuracy 0.955 is below 0.97"}
    write("evaluation", "gate.json", json.dumps(gate))
    write("infra_blessing", "reason.txt", "serve_images answers NaN\n")
    for name, flag in (("blessing", "blessed"), ("infra_blessing", "blessed"), ("pushed_model", "pushed")):
        artifacts[name].set_int_custom_property(flag, 0)
    _, facts = report()
    assert facts["verdict"]["headline"] == "Refused by the gate, not served"
    assert facts["verdict"]["reasons"] == ["accuracy 0.955 is below 0.97", "serve_images answers NaN"]


def test_slices_come_from_the_model_analysis(artifacts, report, write, make):
    import pandas as pd
    import tensorflow_model_analysis as tfma

    answers = pd.DataFrame(
        {"group": ["w1", "w1", "w2", "w2"], "label": [1.0, 1.0, 1.0, 1.0], "prediction": [1.0, 1.0, 0.0, 1.0]}
    )
    accuracy = tfma.MetricConfig(class_name="BinaryAccuracy", config='{"name": "accuracy"}')
    tfma.analyze_raw_data(
        answers,
        tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(label_key="label", prediction_key="prediction")],
            metrics_specs=[tfma.MetricsSpec(metrics=[accuracy, tfma.MetricConfig(class_name="ExampleCount")])],
            slicing_specs=[tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=["group"])],
        ),
        output_path=artifacts["evaluation"].uri,
    )
    write("evaluation", "gate.json", json.dumps(make.gate_json()))
    page, _ = report(slices=("group",))
    assert page.tables["Metrics of each slice, the worst first"] == [
        ["Slice", "accuracy", "Examples"],
        ["group w2", "0.5000", "2"],
        ["group w1", "1.0000", "2"],
    ]
