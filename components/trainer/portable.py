"""An export's portable form: its network for LiteRT, and what surrounds it as values (`serving.portable`)."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from tfx_ocr.components.networks import get_network
from tfx_ocr.components.progress import say
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer.int8_constants import quantize_constants
from tfx_ocr.components.trainer.serving_graph import Tensors
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet, hangul
from tfx_ocr.serving.portable import FOLDER, NETWORK
from tfx_ocr.serving.portable.form import FORM, REASON, Portable
from tfx_ocr.serving.runtimes.saved_model import read_definitions
from tfx_ocr.serving.signature import Signature


def write(model: keras.Model, part: Part, path: str, explainer: keras.Model | None = None) -> None:
    """Write the portable form into an export's folder, or why the network cannot be converted.

    Args:
        model: trained.
        part: the recipe's trainer part.
        path: folder of the export, which holds the SavedModel.
        explainer: see `build_explainer`; it has the model's weights.
    """
    folder = os.path.join(path, *FOLDER.split("/"))
    tf.io.gfile.makedirs(folder)
    try:
        network = convert(model, explainer, part.serving.weights, is_cut(part))
        if part.serving.weights == "int8":
            network = quantize_constants(network)
    except Exception as error:  # whatever it is, the export is there without
        reason = f"the network cannot be converted: {_explain(error)}"
        say(f"no portable form: {reason}")
        _write_file(os.path.join(folder, REASON), f"{reason}\n".encode())
        return
    _write_file(os.path.join(folder, NETWORK), network)
    _write_file(os.path.join(folder, FORM), _describe(part, path).to_json().encode())


def is_cut(part: Part) -> bool:
    """Return whether the network takes strips that are cut to their ink; members of an ensemble may not."""
    return not part.trainer.members and hasattr(get_network(part.trainer.network), "WRITTEN")


def convert(
    model: keras.Model, explainer: keras.Model | None = None, weights: str = "float32", any_width: bool = False
) -> bytes:
    """Convert a network to TFLite, with float32 or float16 `weights` and for any number of rows.

    Its one signature takes what the network does by name, a single tensor as `pixels`, and gives `logits`. With an
    explainer it has another, `explain`, that gives `logits` and `heat` and shares the weights.

    Args:
        model: with its weights.
        explainer: see `explain.build_explainer`.
        weights: how they are stored.
        any_width: whether it takes pictures of any width, see `is_cut`.

    Raises:
        Exception: of TensorFlow's converter; it has an operation that TFLite lacks.
    """
    taken = model.input if isinstance(model.input, dict) else {features.PIXELS: model.input}
    shapes = {
        name: (None, of.shape[1], None, of.shape[3]) if any_width else (None, *of.shape[1:])
        for name, of in taken.items()
    }
    inputs = {name: tf.TensorSpec(shapes[name], of.dtype, name) for name, of in taken.items()}
    holder = tf.Module()
    holder.weights = [weight.value for weight in model.weights]

    @tf.function
    def network(**given: tf.Tensor) -> Tensors:
        takes = given if isinstance(model.input, dict) else given[features.PIXELS]
        return {features.LOGITS: model(takes, training=False)}

    concrete = network.get_concrete_function(**inputs)
    if explainer is None:
        return _set_weights(tf.lite.TFLiteConverter.from_concrete_functions([concrete], holder), weights).convert()

    @tf.function
    def explain(**given: tf.Tensor) -> Tensors:
        return explainer(given[features.PIXELS], training=False)

    signatures = {features.ANSWER: concrete, features.EXPLAIN: explain.get_concrete_function(**inputs)}
    with tempfile.TemporaryDirectory() as folder:  # the converter takes several functions from there alone
        tf.saved_model.save(holder, folder, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
        return _set_weights(converter, weights).convert()


def _set_weights(converter: tf.lite.TFLiteConverter, weights: str) -> tf.lite.TFLiteConverter:
    if weights == "float16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    return converter


def _explain(error: Exception) -> str:
    """Return the operations that TFLite lacks, where that is the reason; else the first line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return next((line for line in lines if line.startswith(("TF Select ops:", "Custom ops:"))), lines[0])


def _write_file(path: str, content: bytes) -> None:
    """Write a file, wherever `path` is."""
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)


def _describe(part: Part, path: str) -> Portable:
    task, alphabet = get_task(part.task), get_alphabet(part.alphabet)
    is_restricted = features.INITIAL_OUT in task.outputs and len(alphabet.CLASSES) < len(hangul.CLASSES)
    labels = task.labels or ("CLASSES" if is_restricted else "")
    definitions = read_definitions(Path(path), ("serve",))
    return Portable(
        input=part.input.kind,
        task=part.task,
        spec=dataclasses.asdict(part.input),
        labels=tuple(getattr(alphabet, labels)) if labels else (),
        top_n=part.serving.top_n,
        signatures={
            name: dataclasses.asdict(Signature.read(each))
            for name, each in definitions.items()
            if not name.startswith("__")  # TensorFlow's own
        },
    )
