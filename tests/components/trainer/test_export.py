from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfx_ocr.components.calibration import Calibration
from tfx_ocr.components.recipe import PARTS, Examples, Recipe, Serving
from tfx_ocr.components.trainer import model as models
from tfx_ocr.components.trainer.export import export
from tfx_ocr.components.trainer.run_fn import run_fn
from tfx_ocr.data import images as images_of
from tfx_ocr.serving.c_loader import check_loads
from tfx_ocr.serving.model_server.flags import Flags
from tfx_ocr.serving.model_server.loader import open_version
from tfx_ocr.serving.portable import FOLDER
from tfx_ocr.serving.portable.form import REASON
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder
from tfx_ocr.serving.runtimes.portable import PortableModel

pytestmark = pytest.mark.tfx

CLASSES = np.array([b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"])


@pytest.fixture(scope="module")
def exported(part, transformed, tmp_path_factory):
    """Export a network of random weights, large enough that answers differ; return its Keras model and its export."""
    keras.utils.set_random_seed(5)
    it = part(network="small_cnn")
    model, _ = models.build(it)
    model.set_weights([weight * 2 if weight.ndim > 1 else weight for weight in model.get_weights()])
    folder = tmp_path_factory.mktemp("exported") / "model"
    export(model, transformed.graph, it, str(folder))
    with open_folder(folder) as loaded:
        yield SimpleNamespace(model=model, folder=folder, loaded=loaded)


def probabilities(model, transformed):
    """Return Keras's answer to what Transform wrote: the eval of training, softmax by hand."""
    pixels = np.stack([np.frombuffer(row["pixels_xf"][0], np.uint8) for row in transformed.written])
    logits = model.predict(pixels.reshape(-1, 16, 16, 1) / np.float32(127.5) - 1, verbose=0)
    exponents = np.exp(logits - logits.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


def example(image):
    feature = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def test_it_answers_bytes_as_training_judged_them(exported, transformed, digits):
    expected = probabilities(exported.model, transformed)
    answer = exported.loaded.ask("serve_images", {"image_bytes": np.array([image for image, _ in digits])})
    best_first = np.argsort(-expected, axis=1)[:, :3]
    np.testing.assert_allclose(answer["probabilities"], np.take_along_axis(expected, best_first, 1), atol=1e-5)
    np.testing.assert_array_equal(answer["labels"], CLASSES[best_first])
    np.testing.assert_array_equal(answer["label"], answer["labels"][:, 0])
    np.testing.assert_array_equal(answer["probability"], answer["probabilities"][:, 0])
    assert len(set(answer["label"])) > 1  # else all this would hold for a constant


def test_both_signatures_agree(exported, digits):
    images = exported.loaded.ask("serve_images", {"image_bytes": np.array([image for image, _ in digits])})
    examples = exported.loaded.ask("serving_default", {"examples": np.array([example(image) for image, _ in digits])})
    assert set(images) == set(examples) == {"label", "probability", "labels", "probabilities"}
    for name, values in images.items():
        np.testing.assert_array_equal(examples[name], values)


def test_one_question_is_answered_as_in_a_batch(exported, digits):
    batch = exported.loaded.ask("serve_images", {"image_bytes": np.array([image for image, _ in digits[:8]])})
    one = exported.loaded.ask("serve_images", {"image_bytes": np.array([digits[3][0]])})
    np.testing.assert_allclose(one["probabilities"][0], batch["probabilities"][3], atol=1e-5)


def test_signatures_say_their_inputs(exported):
    inputs = {name: dict(signature.inputs) for name, signature in exported.loaded.signatures.items()}
    assert inputs == {
        "serving_default": {"examples": ("string", (None,))},
        "serve_images": {"image_bytes": ("string", (None,))},
        "explain": {"image_bytes": ("string", (None,))},
    }


def test_bytes_that_are_no_picture_are_an_error_not_an_answer(exported):
    with pytest.raises(ValueError, match=r"unsupported image format"):
        exported.loaded.ask("serve_images", {"image_bytes": np.array([b"text"])})


def test_a_picture_of_nothing_is_answered_with_every_class_equally_probable_in_both_forms(exported):
    blank, noise = np.full((50, 40), 220, np.uint8), np.random.default_rng(0).normal(220, 5, (50, 40)).astype(np.uint8)
    speck, framed, ruled = blank.copy(), blank.copy(), blank.copy()
    speck[9:11, 9:11] = framed[0] = framed[-1] = framed[:, 0] = framed[:, -1] = ruled[40:42] = 0
    shaded = np.tile(np.linspace(200, 250, 40), (50, 1)).astype(np.uint8)
    pictures = (blank, noise, speck, framed, ruled, shaded)
    images = np.array([images_of.save_png(Image.fromarray(each)) for each in pictures], dtype=object)
    for form in (SAVED_MODEL, PORTABLE):
        with open_folder(exported.folder, forms=(form,)) as model:
            found = model.ask("serve_images", {"image_bytes": images})
        np.testing.assert_allclose(found["probabilities"], np.full((6, 3), 0.1), atol=1e-6)


def test_it_loads_as_tensorflow_serving_does(exported):
    assert check_loads(exported.folder) is None


def test_its_portable_form_answers_alike(exported, digits):
    """By the server's own runtime, on a network whose random weights were doubled: probabilities are far apart."""
    images = np.array([image for image, _ in digits], dtype=object)
    whole = exported.loaded.ask("serve_images", {"image_bytes": images})
    portable = open_version(exported.folder, Flags(prefer_tflite_model=True))
    assert isinstance(portable, PortableModel)
    for signature, asked in (("serve_images", images), ("serving_default", np.array([*map(example, images)], object))):
        (name,) = portable.signatures[signature].inputs
        found = portable.ask(signature, {name: asked}, outputs=["label", "probabilities"])
        np.testing.assert_array_equal(found["label"], whole["label"])
        np.testing.assert_allclose(found["probabilities"], whole["probabilities"], atol=1e-4)
    portable.close()


def test_both_forms_divide_the_logits_by_the_temperature(exported, part, transformed, digits, tmp_path):
    calibration = Calibration(temperature=2.0, n=4, wrong=1, before=0.15, after=0.0)
    export(exported.model, transformed.graph, part(network="small_cnn"), str(tmp_path / "model"), calibration)
    written = json.loads((tmp_path / "model/assets.extra/calibration.json").read_text())
    assert written == {"temperature": 2.0, "n": 4, "wrong": 1, "before": 0.15, "after": 0.0}
    asked = {"image_bytes": np.array([image for image, _ in digits], dtype=object)}
    plain = exported.loaded.ask("serve_images", asked)
    roots = np.sqrt(probabilities(exported.model, transformed))  # softmax of half the logits, but for its sum
    expected = -np.sort(-(roots / roots.sum(1, keepdims=True)), axis=1)[:, :3]
    for form in (SAVED_MODEL, PORTABLE):
        with open_folder(tmp_path / "model", forms=(form,)) as model:
            found = model.ask("serve_images", asked)
            np.testing.assert_array_equal(model.ask("explain", asked)["label"], plain["label"])
        np.testing.assert_array_equal(found["label"], plain["label"])
        np.testing.assert_allclose(found["probabilities"], expected, atol=1e-4)


def test_both_forms_answer_what_the_recipe_allows_alone(exported, part, transformed, digits, tmp_path):
    allowed = dataclasses.replace(part(network="small_cnn"), serving=Serving(top_n=3, restrict_to="91"))
    export(exported.model, transformed.graph, allowed, str(tmp_path / "model"))
    asked = {"image_bytes": np.array([image for image, _ in digits], dtype=object)}
    every = probabilities(exported.model, transformed)[:, [1, 9]]
    for form in (SAVED_MODEL, PORTABLE):
        with open_folder(tmp_path / "model", forms=(form,)) as model:
            found = model.ask("serve_images", asked)
            np.testing.assert_array_equal(model.ask("explain", asked)["label"], found["label"])
        np.testing.assert_array_equal(found["label"], CLASSES[[1, 9]][every.argmax(1)])
        np.testing.assert_allclose(found["probabilities"], -np.sort(-every / every.sum(1, keepdims=True)), atol=1e-4)


def test_both_forms_explain_their_answers_alike(exported, transformed, digits):
    asked = {"image_bytes": np.array([image for image, _ in digits], dtype=object)}
    labels = exported.loaded.ask("serve_images", asked)["label"]
    whole = exported.loaded.ask("explain", asked)
    written = np.stack([np.frombuffer(row["pixels_xf"][0], np.uint8) for row in transformed.written])
    np.testing.assert_array_equal(whole["picture"], written.reshape(-1, 16, 16, 1))
    assert whole["heat"].shape == (len(digits), 1, 1)  # small_cnn's last map is a sixteenth of the picture
    assert set(whole["heat"].ravel()) <= {0.0, 1.0}  # of one place: for its answer, or against it
    assert whole["heat"].any()
    with open_folder(exported.folder, forms=(PORTABLE,)) as portable:
        found = portable.ask("explain", asked)
    assert set(found) == set(whole) == {"label", "heat", "picture"}
    for answer in (whole, found):
        np.testing.assert_array_equal(answer["label"], labels)
        np.testing.assert_array_equal(answer["picture"], whole["picture"])
        np.testing.assert_allclose(answer["heat"], whole["heat"], atol=1e-4)


def test_a_network_that_cannot_be_converted_is_exported_alone(part, transformed, tmp_path, monkeypatch):
    class Determinant(keras.layers.Layer):
        def call(self, pictures):
            return tf.linalg.det(pictures[..., 0])[:, tf.newaxis]

    said = []
    monkeypatch.setattr("tfx_ocr.components.trainer.portable.say", said.append)
    pictures = keras.Input((16, 16, 1))
    model = keras.Model(pictures, keras.layers.Dense(10)(Determinant()(pictures)))
    export(model, transformed.graph, part(), str(tmp_path / "model"))
    reason = "the network cannot be converted: TF Select ops: MatrixDeterminant"
    assert said == [f"no portable form: {reason}"]
    assert [path.name for path in (tmp_path / "model" / FOLDER).iterdir()] == ["reason.txt"]
    assert (tmp_path / "model" / FOLDER / REASON).read_text() == f"{reason}\n"
    check_loads(tmp_path / "model")


@pytest.fixture
def fn_args(part, transformed, tmp_path):
    """Return `fn_args(part)`, which builds what TFX hands to `run_fn`."""

    def make(it, hyperparameters=None):
        known = {name: getattr(it, name) for name in PARTS["trainer"]}
        recipe = Recipe(**known, schema="", sample="", examples=Examples(readers=())).dump_part("trainer")
        return SimpleNamespace(
            custom_config={"recipe": recipe, "code_version": "one"},
            hyperparameters=hyperparameters,
            train_files=[transformed.train[0].replace("train.gz", "train*")],
            eval_files=[transformed.eval[0]],
            transform_output=transformed.graph.transform_savedmodel_dir.rsplit("/", 1)[0],
            serving_model_dir=str(tmp_path / "Trainer" / "model" / "4" / "Format-Serving"),
            model_run_dir=str(tmp_path / "Trainer" / "model_run" / "4"),
        )

    return make


def test_run_fn_trains_the_tuners_head_and_exports_mixed_precision_in_float32(part, fn_args, digits, tmp_path):
    arguments = fn_args(
        part(epochs=1, precision="mixed_bfloat16", units=(16, 16), dropout=(0.2, 0.2)),
        {"values": {"units_0": 24, "dropout_0": 0.3, "units_1": 12, "dropout_1": 0.5}},
    )
    run_fn(arguments)
    variables = tf.train.list_variables(f"{arguments.serving_model_dir}/variables/variables")
    shapes = sorted(tuple(shape) for name, shape in variables if len(shape) == 2)
    assert shapes == [(12, 10), (24, 12), (25, 512), (512, 24)]
    graph = tf.saved_model.load(arguments.serving_model_dir).signatures["serve_images"].graph.as_graph_def()
    assert "DT_BFLOAT16" not in str(graph)
    with open_folder(Path(arguments.serving_model_dir)) as loaded:
        answer = loaded.ask("serve_images", {"image_bytes": np.array([digits[0][0]])})
    assert 0.0 < answer["probability"][0] <= 1.0
    fitted = json.loads((Path(arguments.serving_model_dir) / "assets.extra/calibration.json").read_text())
    assert fitted["n"] == 20
    assert fitted["wrong"] > 0
    assert fitted["temperature"] != 1.0
    assert list((tmp_path / "Trainer" / "checkpoints").iterdir()) == []  # done: nothing to go on from


def test_a_training_whose_export_failed_is_not_done_again(part, fn_args, monkeypatch, tmp_path):
    arguments, said = fn_args(part(epochs=1, calibrate=False)), []
    monkeypatch.setattr("tfx_ocr.components.progress.say", said.append)
    with monkeypatch.context() as patched:
        patched.setattr("tfx_ocr.components.trainer.run_fn.export", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_fn(arguments)
    assert [line for line in said if "epoch 1/1" in line]
    said.clear()
    run_fn(arguments)
    assert not [line for line in said if "epoch 1/1" in line]
    assert check_loads(arguments.serving_model_dir) is None
    assert not (Path(arguments.serving_model_dir) / "assets.extra/calibration.json").exists()
    assert list((tmp_path / "Trainer" / "checkpoints").iterdir()) == []
