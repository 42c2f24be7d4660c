"""An export's fast form: its network as TFLite, and what lies around it as a SavedModel without weights.

TFLite can neither decode a PNG nor look a label up: it takes the place of the network alone (docs/serving-contract.md).
"""

from __future__ import annotations

import os

import keras
import tensorflow as tf

from tfx_ocr.components.progress import say
from tfx_ocr.components.trainer.serving_graph import ServingGraph, Signatures, Tensors, save
from tfx_ocr.data import features


def write(model: keras.Model, serving_graph: ServingGraph, path: str) -> None:
    """Write the fast form into an export's folder; of a network that TFLite cannot hold, a file that says why not.

    Args:
        model: trained.
        serving_graph: what lies around it in the export.
        path: folder of the export, written already.
    """
    folder = os.path.join(path, *features.FAST.split("/"))
    try:
        network = convert(model, rows=1, quantize=True)  # servers ask about one row at a time
    except Exception as error:  # whatever it is, the export is there without
        reason = f"the network cannot be TFLite: {explain_failure(error)}"
        say(f"no fast form: {reason}")
        tf.io.gfile.makedirs(folder)
        write_file(os.path.join(folder, features.FAST_REASON), f"{reason}\n".encode())
        return
    save(serving_graph, build_signatures(serving_graph, model), folder)
    write_file(os.path.join(folder, features.FAST_NETWORK), network)


def convert(model: keras.Model, rows: int | None, quantize: bool) -> bytes:
    """Convert a network to TFLite.

    Its one signature takes what the network does by name, a single tensor as `pixels`, and gives `logits`.

    Args:
        model: trained.
        rows: of an input; None for any number.
        quantize: store weights in 8 bits; what flows between the layers is float32 in any case.

    Raises:
        Exception: of TensorFlow's converter; it has an operation that TFLite lacks.
    """
    inputs = {name: tf.TensorSpec((rows, *of.shape[1:]), of.dtype, name) for name, of in _inputs(model).items()}
    holder = tf.Module()
    holder.weights = [weight.value for weight in model.weights]

    @tf.function
    def network(**given: tf.Tensor) -> Tensors:
        takes = given if isinstance(model.input, dict) else given[features.PIXELS]
        return {features.LOGITS: model(takes, training=False)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function(**inputs)], holder)
    if quantize:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def build_signatures(serving_graph: ServingGraph, model: keras.Model) -> Signatures:
    """Build two signatures for each of the export: what comes before the network, and what comes after it."""
    logits = tf.TensorSpec(model.output.shape, tf.float32, features.LOGITS)

    def pixels(**request: tf.Tensor) -> Tensors:
        batch = serving_graph.transform(serving_graph.to_raw(request))
        return batch if isinstance(batch, dict) else {features.PIXELS: batch}

    def answer(logits: tf.Tensor, **request: tf.Tensor) -> Tensors:
        return serving_graph.decode(logits, serving_graph.to_raw(request))

    found: Signatures = {}
    for name, inputs in serving_graph.get_requests().items():
        found[name + features.PIXELS_PART] = pixels, inputs
        found[name + features.ANSWER_PART] = answer, {**inputs, features.LOGITS: logits}
    return found


def _inputs(model: keras.Model) -> dict[str, keras.KerasTensor]:
    return model.input if isinstance(model.input, dict) else {features.PIXELS: model.input}


def explain_failure(error: Exception) -> str:
    """Return the operations that TFLite lacks, where that is the reason; else the first line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return next((line for line in lines if line.startswith(("TF Select ops:", "Custom ops:"))), lines[0])


def write_file(path: str, content: bytes) -> None:
    """Write a file, wherever `path` is."""
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)
