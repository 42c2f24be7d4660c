"""Syllables, lines and words: 40 tiny records each through Transform, two epochs, the export and its answers."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from PIL import Image, ImageDraw
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from tfx_ocr.components.artifacts import HISTORY_FILE
from tfx_ocr.components.inputs import get_input
from tfx_ocr.components.recipe import (
    PARTS,
    ImageAugmentation,
    LineImage,
    Optimizer,
    Part,
    Serving,
    Trainer,
    WordAugmentation,
    Words,
)
from tfx_ocr.components.recipe import Image as Spec
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer import dataset, fit, training
from tfx_ocr.components.trainer.export import export
from tfx_ocr.components.transform.preprocessing import preprocessing_fn
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.serving.c_loader import check_loads
from tfx_ocr.serving.model_server.flags import Flags
from tfx_ocr.serving.model_server.loader import open_version
from tfx_ocr.serving.runtimes import PORTABLE, open_folder
from tfx_ocr.serving.runtimes.portable import PortableModel

pytestmark = pytest.mark.tfx

TRAIN, EVAL = 28, 12
ADAMW = Optimizer(name="adamw", learning_rate=2e-3, ema=0.5)
TINY = Trainer(network="", units=(8,), dropout=(0.2,), optimizer=ADAMW, batch_size=8, epochs=2, seed=7)
MOVED = ImageAugmentation(pad=1, rotate_deg=3.0, contrast=0.2)

TINY_PARTS = {
    "syllables": Part(
        name="tiny_syllables",
        task="syllables",
        alphabet="hangul",
        input=Spec(height=32, width=32),
        trainer=dataclasses.replace(
            TINY, network="residual_cnn", augment=MOVED, refinements=1, adversarial=0.1, centre_loss=0.01
        ),
        serving=Serving(top_n=4),
    ),
    "sequence": Part(
        name="tiny_lines",
        task="sequence",
        alphabet="vietnamese",
        input=LineImage(height=16, width=64, margin=0.05),
        trainer=dataclasses.replace(TINY, network="line_cnn", units=(), dropout=(), augment=MOVED),
        serving=Serving(),
    ),
    "tagging": Part(
        name="tiny_pages",
        task="tagging",
        alphabet="entities",
        input=Words(max_characters=6),
        trainer=dataclasses.replace(TINY, network="word_attention", augment=WordAugmentation(misread=0.1)),
        serving=Serving(),
    ),
}


def picture(text: str) -> bytes:
    image = Image.new("L", (12 + 8 * len(text), 24), 235)
    ImageDraw.Draw(image).text((6, 6), text, fill=20)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def page(number: int) -> dict[str, list]:
    """Build a page of `number` % 4 + 2 words in a column; the last but one is a total's caption, the last the total."""
    texts = [f"w{n}" for n in range(number % 4)] + ["Tổng", f"{number}.00"]
    boxes = [float(x) for n in range(len(texts)) for x in (10 + n, 20 * n, 60 + number, 20 * n + 12)]
    return {"words": [text.encode() for text in texts], "boxes": boxes}


def records(task: str) -> list[dict[str, list]]:
    if task == "tagging":
        pages = [page(number) for number in range(TRAIN + EVAL)]
        fields = {"field_names": [b"total"], "field_values": [b"1"]}
        return [each | fields | {"entities": [*[b""] * (len(each["words"]) - 1), b"total"]} for each in pages]
    texts = [str(10 + 7 * number) for number in range(TRAIN + EVAL)]
    labels = [chr(0xAC00 + 28 * (number % 5)) for number in range(TRAIN + EVAL)] if task == "syllables" else texts
    styles = itertools.cycle(([b"printed"], [b"handwritten"], []))
    return [
        {"image": [picture(text)], "label": [label.encode()], "style": next(styles)}
        for text, label in zip(texts, labels, strict=True)
    ]


def example(record: dict[str, list]) -> tf.train.Example:
    feature = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=values))
        if name == "boxes"
        else tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        for name, values in record.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=feature))


@pytest.fixture(scope="module", params=TINY_PARTS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Build a task's part, records, what Transform writes, the trained model, and its export, loaded."""
    part, folder = TINY_PARTS[request.param], tmp_path_factory.mktemp(request.param)
    kind, rows = get_input(part.input.kind), records(request.param)
    of_label = {name: tf.io.VarLenFeature(tf.string) for name in ("entities", "field_names", "field_values")}
    if request.param != "tagging":
        of_label = {"label": tf.io.FixedLenFeature([1], tf.string), "style": tf.io.VarLenFeature(tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(kind.RAW | of_label))
    known = {name: value for name, value in dataclasses.asdict(part).items() if name in PARTS["transform"] and value}
    config = {"recipe": json.dumps(known)}
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        (written, of_written), transform_fn = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: preprocessing_fn(inputs, config)
        )
        transform_fn | tft_beam.WriteTransformFn(str(folder / "graph"))
    coder, files = tft.coders.ExampleProtoCoder(of_written.schema), {}
    for split, of_split in (("train", written[:TRAIN]), ("eval", written[TRAIN:])):
        files[split] = [str(folder / f"{split}.gz")]
        with tf.io.TFRecordWriter(files[split][0], "GZIP") as writer:
            for row in of_split:
                writer.write(coder.encode(row))

    def train(name: str) -> tuple[keras.Model, list[dict[str, str]]]:
        folders = [str(folder / name / each) for each in ("checkpoints", "run")]
        model = fit.fit(part, files["train"], files["eval"], *folders)
        with Path(folders[1], HISTORY_FILE).open() as file:
            return model, list(csv.DictReader(file))

    model, history = train("whole")
    export(model, tft.TFTransformOutput(str(folder / "graph")), part, str(folder / "export"))
    judged = [example(row) for row in rows[TRAIN:]]
    with open_folder(folder / "export") as loaded:
        yield SimpleNamespace(
            part=part, kind=kind, task=get_task(part.task), files=files, train=train, model=model, history=history,
            path=str(folder / "export"), loaded=loaded, judged=judged,
        )  # fmt: skip


def asked(made: SimpleNamespace, of: list[tf.train.Example]) -> dict[str, np.ndarray]:
    return made.loaded.ask(made.part.input.SIGNATURE, made.kind.build_request(of))


def test_it_learns(made):
    first, second = (float(row["loss"]) for row in made.history)
    assert second < first
    assert all(np.isfinite(float(value)) for row in made.history for value in row.values())


def test_the_export_answers_what_training_judged(made):
    """Pixels or words by the exported graph, against Keras on what Transform wrote, batch by batch."""
    size = made.part.trainer.batch_size
    for number, (batch, _) in enumerate(dataset.load_evaluation(made.files["eval"], made.part)):
        of = made.judged[number * size : (number + 1) * size]
        raw = tf.io.parse_example([one.SerializeToString() for one in of], made.kind.RAW)
        logits = made.model(batch, training=False)
        expected = made.task.load_graph().decode(logits, raw, get_alphabet(made.part.alphabet), made.part.serving)
        found = asked(made, of)
        assert set(found) == set(expected)
        for name, value in expected.items():
            if value.dtype == tf.string:
                np.testing.assert_array_equal(found[name], value.numpy())
            else:
                np.testing.assert_allclose(found[name], value, atol=1e-4)
        assert made.task.find_problem(found) is None
    assert (number + 1) * size >= len(made.judged) > number * size  # every batch, to the last record


def test_both_signatures_agree(made):
    found = asked(made, made.judged)
    examples = {"examples": np.array([one.SerializeToString() for one in made.judged], object)}
    from_examples = made.loaded.ask("serving_default", examples)
    assert set(from_examples) == set(found) != set()
    for name, value in from_examples.items():
        if value.dtype == object:
            np.testing.assert_array_equal(found[name], value)
        else:
            np.testing.assert_allclose(found[name], value, atol=1e-5)


def test_one_is_answered_as_in_a_batch(made):
    batch = asked(made, made.judged)
    for number in (0, 2, 5):
        alone = asked(made, [made.judged[number]])
        assert set(alone) == set(batch)
        for name, value in alone.items():
            together = batch[name][number]
            if value.ndim > 1 and value[0].shape != together.shape:  # padded to the longest of the batch
                assert not together[len(value[0]) :].any()
                together = together[: len(value[0])]
            if value.dtype == object:
                np.testing.assert_array_equal(together, value[0])
            else:
                np.testing.assert_allclose(together, value[0], atol=1e-4)


def test_the_portable_form_answers_alike(made):
    """By the server's own runtime; a row alone and pages of other lengths too."""
    whole, portable = asked(made, made.judged), open_version(Path(made.path), Flags(prefer_tflite_model=True))
    assert isinstance(portable, PortableModel)
    score = "field_probabilities" if made.part.task == "tagging" else "probability"
    examples = {"examples": np.array([one.SerializeToString() for one in made.judged], object)}
    for signature, inputs in (
        (made.part.input.SIGNATURE, made.kind.build_request(made.judged)),
        ("serving_default", examples),
    ):
        found = portable.ask(signature, inputs, outputs=[score])[score]
        np.testing.assert_allclose(found, whole[score], atol=1e-4)
        for number in (5, 2, 0, 7):  # alone, and pages of other lengths
            one = {name: value[number : number + 1] for name, value in inputs.items()}
            np.testing.assert_allclose(portable.ask(signature, one)[score][0], found[number], atol=1e-4)
    portable.close()


@pytest.mark.parametrize("made", ["syllables"], indirect=True)
def test_both_forms_explain_each_jamo_alike(made):
    request = made.kind.build_request(made.judged)
    whole = made.loaded.ask("explain", request)
    heats = {"heat", "initial_heat", "medial_heat", "final_heat"}
    assert set(whole) == {"label", "picture", *heats}
    np.testing.assert_array_equal(whole["label"], asked(made, made.judged)["label"])
    with open_folder(Path(made.path), forms=(PORTABLE,)) as portable:
        found = portable.ask("explain", request)
    for name in heats:
        assert whole[name].shape == (len(made.judged), 2, 2)  # of 32 x 32 pixels, a sixteenth
        np.testing.assert_allclose(found[name], whole[name], atol=1e-4)


def test_it_loads_as_tensorflow_serving_does(made):
    assert check_loads(made.path) is None


@pytest.mark.parametrize("made", ["tagging"], indirect=True)
def test_killed_after_its_first_epoch_it_goes_on_as_if_it_had_not_been(made, monkeypatch):
    class KilledError(Exception):
        pass

    def say(text: str) -> None:
        if "epoch 1/" in text:
            raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(training.progress, "say", say)
        with pytest.raises(KilledError):
            made.train("killed")
    keras.utils.set_random_seed(99)  # another process would be in another state
    model, history = made.train("killed")
    assert [float(row["loss"]) for row in history] == pytest.approx(
        [float(row["loss"]) for row in made.history], abs=1e-5
    )
    for weight, expected in zip(model.get_weights(), made.model.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)
