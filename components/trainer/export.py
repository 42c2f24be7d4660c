"""The exported model: three functions in a row, pixels, network, answer, under its signatures."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from tfx_ocr.components.artifacts import CALIBRATION_FILE, ROUNDING_FILE, TRAINER_FILE
from tfx_ocr.components.calibration import Calibration
from tfx_ocr.components.inputs import image
from tfx_ocr.components.recipe import Part, Picture
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer import portable, storage
from tfx_ocr.components.trainer.explain import build_explainer, find_last_map
from tfx_ocr.components.trainer.packed import Packed
from tfx_ocr.components.trainer.rounding import Rounding
from tfx_ocr.components.trainer.serving_graph import ServingGraph, Tensors, Untracked
from tfx_ocr.components.trainer.slim import cut_graph
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.data.alphabets.restriction import restrict_labels


class Served(tf.Module):
    """What TensorFlow Serving loads: every variable and table is reached from here."""

    def __init__(
        self,
        model: keras.Model,
        serving_graph: ServingGraph,
        explainer: keras.Model | None = None,
        explained: Sequence[keras.KerasTensor] = (),
        weights: str = "float32",
    ):
        """Store weights.

        Args:
            model: the network, from pictures or words to logits.
            serving_graph: what lies around it.
            explainer: of the same weights, where answers are explained.
            explained: what of `model` the explainer's heat is computed from, besides pictures.
            weights: how they are stored, as `serving.weights` says.
        """
        super().__init__()
        if weights == "int8":
            self._stored = Packed(model.get_weights())
        else:
            self._weights = [_store(weight.value, weights) for weight in model.weights]
        self._variables = Untracked(model.weights)
        # functions, so that every signature calls the same graph
        self._transform, self._decode = (
            Untracked(tf.function(each, autograph=False)) for each in (serving_graph.transform, serving_graph.decode)
        )
        network = keras.Model(model.input, [model.output, *explained]) if explained else model
        self._network = Untracked(tf.function(functools.partial(self._run, network)))
        if explainer:
            heat = keras.Model([model.input, *explained], explainer.output[features.HEAT_OUT])
            self._heat = Untracked(tf.function(functools.partial(self._run, heat)))
        self._serving_graph = serving_graph

    def serve(self, **request: tf.Tensor) -> Tensors:
        """Return a signature's outputs from its inputs, such as `image_bytes` [batch]."""
        raw = self._serving_graph.to_raw(request)
        found = self._network.value(self._transform.value(raw))
        logits = found[0] if isinstance(found, list) else found
        return self._decode.value(logits, raw)

    def explain(self, **request: tf.Tensor) -> Tensors:
        """Return which places of each picture its answer hangs on: see `build_explainer`."""
        raw = self._serving_graph.to_raw(request)
        pixels = self._transform.value(raw)
        logits, *explained = self._network.value(pixels)
        answers = self._decode.value(logits, raw)
        return self._serving_graph.explain(pixels, self._heat.value([pixels, *explained]), answers)

    def _run(self, model: keras.Model, inputs: Any) -> Any:
        """Run a network of these weights, which are computed with as the network has them, however they are stored."""
        weights = self._stored.read() if hasattr(self, "_stored") else self._weights
        stored = zip(self._variables.value, weights, strict=True)
        with keras.StatelessScope([(variable, tf.cast(weight, variable.dtype)) for variable, weight in stored]):
            return model(inputs, training=False)


def _store(weight: tf.Variable, kind: str) -> tf.Variable:
    """Return a float weight in the kind that is stored; any other as it is."""
    if not weight.dtype.is_floating or weight.dtype == kind:
        return weight
    return tf.Variable(tf.cast(weight, kind), trainable=False)


def ignore_blanks(model: keras.Model, part: Part) -> keras.Model:
    """Return the model with logits of 0 for a picture without ink: every answer is then equally improbable."""
    if not isinstance(part.input, Picture):
        return model
    ink = keras.ops.reshape(image.find_ink(model.input, part.input), (-1, *[1] * (len(model.output.shape) - 1)))
    return keras.Model(model.input, model.output * ink, name=model.name)


def restrict_answers(model: keras.Model, part: Part) -> tuple[keras.Model, Part]:
    """Return the model with the logits of `serving.restrict_to` alone, and the part with these as its alphabet.

    A head of jamo keeps its logits: syllables are restricted where they are decoded.
    """
    if not part.serving.restrict_to:
        return model, part
    task, alphabet = get_task(part.task), get_alphabet(part.alphabet)
    known = getattr(alphabet, task.labels or "CLASSES")
    allowed = restrict_labels(part.serving.restrict_to, known)
    if task.labels:
        places = {label: place for place, label in enumerate(known, task.blanks)}
        columns = [*range(task.blanks), *(places[label] for label in allowed)]
        model = keras.Model(model.input, keras.ops.take(model.output, columns, axis=-1), name=model.name)
    is_text = task.labels == "CHARACTERS"
    kept = Characters(characters="".join(allowed), longest=alphabet.LONGEST) if is_text else Classes(classes=allowed)
    return model, dataclasses.replace(part, alphabet=kept)


def export(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    part: Part,
    path: str,
    calibration: Calibration | None = None,
    rounding: Rounding | None = None,
) -> None:
    """Write the SavedModel, and its portable form beside it where the network can be converted.

    Args:
        model: trained.
        transform: the run's transform graph.
        part: the recipe's trainer part.
        path: folder to write, such as `fn_args.serving_model_dir`.
        calibration: what the logits are divided by, in both forms; it is written to `CALIBRATION_FILE`, as `part` is to
            `TRAINER_FILE`.
        rounding: what storing the weights as `serving.weights` says changes; it is written to `ROUNDING_FILE`.
    """
    trained = part
    model, part = restrict_answers(model, part)
    explainer = build_explainer(model, part)
    explained = [find_last_map(model, part), model.output] if explainer else []
    model, serving_graph = ignore_blanks(model, part), ServingGraph(transform, part)
    if calibration:
        model = keras.Model(model.input, model.output / calibration.temperature, name=model.name)
    served = Served(model, serving_graph, explainer, explained, part.serving.weights)
    requests = serving_graph.get_requests()
    signatures = {name: tf.function(served.serve).get_concrete_function(**inputs) for name, inputs in requests.items()}
    if explainer:
        inputs = requests[part.input.SIGNATURE]
        signatures[features.EXPLAIN] = tf.function(served.explain).get_concrete_function(**inputs)
    tf.saved_model.save(served, path, signatures=signatures)
    cut_graph(path)
    portable.write(model, part, path, explainer)
    storage.write_file(os.path.join(path, TRAINER_FILE), trained.to_json().encode())
    if rounding:
        text = json.dumps(dataclasses.asdict(rounding), sort_keys=True)
        storage.write_file(os.path.join(path, ROUNDING_FILE), text.encode())
    if calibration:
        text = json.dumps(dataclasses.asdict(calibration), indent=1, sort_keys=True)
        storage.write_file(os.path.join(path, CALIBRATION_FILE), text.encode())
