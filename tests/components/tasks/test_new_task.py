"""A kind of answer is two places, a file and a row: one added here is checked, trained, exported, judged, reported."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from tfx_ocr.components.evaluator import gate, metrics, records
from tfx_ocr.components.infra_validator.parity import measure_parity
from tfx_ocr.components.infra_validator.trial import try_export
from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.recipe import Gate, Image, Part
from tfx_ocr.components.report import mistakes, page
from tfx_ocr.components.report.run import Run
from tfx_ocr.components.tasks import TASKS, get_task
from tfx_ocr.components.trainer import fit
from tfx_ocr.components.trainer.export import export
from tfx_ocr.components.transform.preprocessing import preprocessing_fn
from tfx_ocr.data import images
from tfx_ocr.data.alphabets import digits
from tfx_ocr.data.record import Record, Rejected
from tfx_ocr.data.validation import validate_records
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving.runtimes import open_folder

pytestmark = pytest.mark.tfx

TRAIN, TEST = 24, 8


@pytest.fixture
def recipe(monkeypatch):
    """Add the file and the row; return a recipe of the task."""
    spec = importlib.util.spec_from_file_location("binary_task", Path(__file__).with_name("binary.py"))
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "binary_task", module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(TASKS, "binary", "binary_task:TASK")
    base = get_recipe("digits")
    trainer = dataclasses.replace(base.trainer, units=(8,), dropout=(0.0,), batch_size=8, epochs=1, augment=None)
    limits = Gate(at_least={"accuracy": 0.0}, min_examples=1, min_class_examples=0)
    return dataclasses.replace(
        base,
        name="binary",
        sample="",
        task="binary",
        input=Image(height=16, width=16),
        trainer=trainer,
        trainers={},
        gate=limits,
    )


def draw(number: int) -> tuple[bytes, bytes]:
    """Draw a ring or a stroke, and return its PNG and label."""
    pixels = np.full((16, 16), 255, np.uint8)
    pixels[3:13, 7:9] = 0
    if number % 2 == 0:
        pixels[3:13, 4:12] = 0
        pixels[5:11, 6:10] = 255
    return images.encode_png(np.roll(pixels, number % 3, 1).tobytes(), 16, 16), b"%d" % (number % 2)


def make_example(image: bytes, label: bytes) -> tf.train.Example:
    feature = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        for name, value in (("image", image), ("label", label), ("source", image[-12:].hex().encode()))
    }
    return tf.train.Example(features=tf.train.Features(feature=feature))


def test_a_task_of_one_file_and_one_row_goes_all_the_way(recipe, tmp_path):
    check_recipe(recipe)
    task = get_task("binary")
    rows = [draw(number) for number in range(TRAIN + TEST)]
    given = [
        Record(features={"image": rows[0][0], "label": rows[0][1]}, source="a"),
        Record(features={"image": rows[0][0]}, source="b"),
    ]
    kept, rejected = validate_records(given, digits, task.records, 10_000)
    assert kept is given[0]
    assert rejected == Rejected(source="b", reason="another kind of record: it has no label")

    raw = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("image", "label")}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(raw))
    config = {"recipe": recipe.dump_part("transform")}
    with tft_beam.Context(temp_dir=str(tmp_path / "temp")):
        data = [{"image": [image], "label": [label]} for image, label in rows[:TRAIN]]
        (written, of_written), graph = (data, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: preprocessing_fn(inputs, config)
        )
        graph | tft_beam.WriteTransformFn(str(tmp_path / "graph"))
    assert [int(row["label_xf"][0]) for row in written] == [0, 1] * (TRAIN // 2)
    coder = tft.coders.ExampleProtoCoder(of_written.schema)
    files = [str(tmp_path / "train.gz")]
    with tf.io.TFRecordWriter(files[0], "GZIP") as writer:
        for row in written:
            writer.write(coder.encode(row))

    part = Part.from_json(recipe.dump_part("trainer"))
    model = fit.fit(part, files, files, str(tmp_path / "checkpoints"), str(tmp_path / "run"))
    assert model.output_shape == (None, 1)
    export(model, tft.TFTransformOutput(str(tmp_path / "graph")), part, str(tmp_path / "export"))

    judged = [make_example(*row) for row in rows[TRAIN:]]
    family = metrics.get_metrics(metrics.choose_family("binary", recipe.gate))
    with open_folder(tmp_path / "export") as opened:
        try_export(opened, judged, recipe.input, "binary")
        assert measure_parity(opened, "test", judged, recipe.input, "binary").n == TEST
        serialized = [one.SerializeToString() for one in judged]
        pairs = collections.Counter(records.predict_pairs(opened, serialized, family))
        outputs = opened.ask("serve_images", get_input("image").build_request(judged))
    assert set(outputs) == {"label", "probability"}
    assert sum(pairs.values()) == TEST
    verdict = gate.judge(recipe.name, recipe.gate, family, pairs, None, "digest")
    assert verdict["blessed"]
    assert verdict["n"] == TEST

    wrong = {"source": "x", "reference": "0", "answer": "1", "outputs": {"label": "1", "probability": 0.75}}
    worst = mistakes.select_worst([wrong], mistakes.get_finder(task.mistakes), 3)
    of_report = Part.from_json(recipe.dump_part("report"))
    run = Run(part=of_report, made=datetime.datetime(2026, 1, 1), gate=verdict, mistakes=worst, pairs=pairs)
    html, facts = page.render(run)
    assert facts["mistakes"]["shown"][0]["badness"] == 0.75
    assert {row["label"] for row in facts["classes"]["rows"]} >= {"0", "1"}
    assert "confusion" not in facts
    assert "Worst mistakes" in html
    assert json.loads(recipe.dump_part("report"))["task"] == "binary"
