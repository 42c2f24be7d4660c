"""What an answer is: how a label is encoded, the head and the loss on a network's features, and the decoded answer.

A kind of answer is one `Task`: values, and the names of two modules. The one that learns (`Learn`) imports no
TensorFlow, so that any Keras backend trains it; the one in the exported graph (`Graph`) is TensorFlow. Reading a `Task`
imports neither.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.registry import load_named

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from tfx_ocr.components.recipe import Part, Serving, Trainer
    from tfx_ocr.data.alphabets import Alphabet

TASKS = {
    "classification": "tfx_ocr.components.tasks.classification:TASK",
    "detection": "tfx_ocr.components.tasks.detection:TASK",
    "sequence": "tfx_ocr.components.tasks.sequence:TASK",
    "syllables": "tfx_ocr.components.tasks.syllables:TASK",
    "tagging": "tfx_ocr.components.tasks.tagging:TASK",
    "whole_syllables": "tfx_ocr.components.tasks.whole_syllables:TASK",
}


class Learn(Protocol):
    """Module of a task's head, loss and training metrics: Keras layers and `keras.ops` only.

    `alphabet` is one of `data.alphabets`.
    """

    def build_head(self, features: keras.KerasTensor, trainer: Trainer, alphabet: Alphabet, /) -> keras.KerasTensor:
        """Return one tensor of float32 logits from a network's features."""

    def build_loss(self) -> keras.losses.Loss:
        """Return the loss of such logits under the labels that `Graph.encode` wrote."""

    def build_metrics(self) -> list[keras.metrics.Metric]:
        """Return what the learning curves show beside the loss."""


class Graph(Protocol):
    """Module of a task's encoding, in Transform's graph, and decoding, in the exported one."""

    def encode(self, inputs: dict[str, tf.Tensor], alphabet: Alphabet, /) -> dict[str, tf.Tensor]:
        """Return `label_xf` from a record's features."""

    def get_feature_spec(self, alphabet: Alphabet, /) -> Mapping[str, Any]:
        """Return how `label_xf` is parsed; training pads ragged labels with -1."""

    def decode(
        self, logits: tf.Tensor, raw: dict[str, tf.Tensor], alphabet: Alphabet, serving: Serving, /
    ) -> dict[str, tf.Tensor]:
        """Return the named outputs from the head's logits and the features of the request."""

    def find_problem(self, outputs: Mapping[str, np.ndarray], /) -> str | None:
        """Return what is wrong with a batch of outputs that has all of them, as a clause; None when nothing is."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """One kind of answer.

    Attributes:
        learn: name of the module of the head, the loss and the training metrics.
        graph: name of the module of the encoding and the decoding.
        needs: what a network must give, as its `GIVES` says.
        records: features that a record must have; a record without them is rejected.
        outputs: all that `Graph.decode` returns.
        labels: attribute of the alphabet that the network's outputs stand for, in their order; "" for none.
        blanks: logits before the labels'.
        rounds: how often the labels come, one after the other, among the logits.
        targets: `module:function` of padded labels, the recipe's `input` and its alphabet to what the loss takes; ""
            for the labels as they are.
        compared: outputs by which an export's portable form is compared: texts, and their probabilities.
        metrics: family in `components.evaluator.metrics.METRICS`, where the recipe's gate names no other.
        heads: `module:function` of the alphabet to the number of classes by the layer of their logits, in these' order,
            where the loss is a cross-entropy of each; `tasks.hybrid` adds to it, answers are explained by it; else "".
        averaged: whether an ensemble may be made of trained members: their logits are those of one softmax, or of one
            per head.
        mistakes: function of `components.report.mistakes`, or `module:function` of another, that finds wrong answers
            for the report; "" for none.
        sections: modules of `components.report.sections` that the report has for such answers, in its order.
        lists_labels: whether the report counts each label: they are classes that come again.
        picture_px: longer side of a picture in the report, at most.
    """

    learn: str
    graph: str
    needs: Literal["vector", "sequence", "map", "words"]
    records: tuple[str, ...]
    outputs: tuple[str, ...]
    compared: tuple[str, str]
    metrics: str
    labels: str = ""
    blanks: int = 0
    rounds: int = 1
    targets: str = ""
    heads: str = ""
    averaged: bool = False
    mistakes: str = ""
    sections: tuple[str, ...] = ()
    lists_labels: bool = False
    picture_px: int = 192

    def load_learn(self) -> Learn:
        """Import and return the module named `learn`."""
        return cast(Learn, importlib.import_module(self.learn))

    def load_graph(self) -> Graph:
        """Import and return the module named `graph`: imports TensorFlow."""
        return cast(Graph, importlib.import_module(self.graph))

    def find_problem(self, outputs: Mapping[str, np.ndarray]) -> str | None:
        """Return what is wrong with a batch of outputs, as a clause; None when nothing is.

        Args:
            outputs: by name; texts as bytes.
        """
        if missing := [name for name in self.outputs if name not in outputs]:
            return f"has no output {missing[0]!r}; it has {', '.join(sorted(outputs))}"
        return self.load_graph().find_problem(outputs)


def get_task(name: str) -> Task:
    """Return the task registered as `name`.

    Raises:
        ValueError: unknown name; the known ones are named.
    """
    return cast(Task, load_named(TASKS, name, "task"))


def list_labels(part: Part) -> tuple[str, ...]:
    """Return what the network's outputs stand for, in their order; nothing for a task of no labels."""
    labels = get_task(part.task).labels
    return tuple(getattr(get_alphabet(part.alphabet), labels)) if labels else ()
