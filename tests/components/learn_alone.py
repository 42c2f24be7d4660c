"""Run every head, loss and network on one Keras backend, with TensorFlow and TFX blocked; print one line each.

Started by `test_backends.py` in a process of its own: a process has one backend.
"""

from __future__ import annotations

import importlib.abc
import json
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

BLOCKED = ("tensorflow", "tensorflow_transform", "tfx", "tfx_bsl", "apache_beam")


class Blocked(importlib.abc.MetaPathFinder):
    """Finder that fails for what learning must not import."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")


sys.meta_path.insert(0, Blocked())

import keras  # noqa: E402  (after the finder)
import numpy as np  # noqa: E402

from tfx_ocr.components.networks import NETWORKS, get_network  # noqa: E402
from tfx_ocr.components.networks.applications import Application  # noqa: E402
from tfx_ocr.components.recipe import Image, LineImage, PageImage, Part, Picture, Trainer, Words  # noqa: E402
from tfx_ocr.components.tasks import TASKS, get_task  # noqa: E402
from tfx_ocr.components.trainer import model as models  # noqa: E402
from tfx_ocr.data.alphabets import get_alphabet  # noqa: E402

# By what a network gives; else a task of one vector.
TASK_OF = {"map": "detection", "sequence": "sequence", "words": "tagging"}
ALPHABETS = {
    "classification": "digits",
    "detection": "shapes",
    "syllables": "hangul",
    "whole_syllables": "ks_x_1001",
    "sequence": "vietnamese",
    "tagging": "entities",
}
ADAPTED = ("mobilenet_v3_small", "classification")  # one of `keras.applications` says as much as all
LIKE_SMALL = "line_mixing_large"  # the code of line_mixing_small, which is compiled sooner
VECTORS = ("classification", "syllables", "whole_syllables")
WITH_ADDED = ("mlp", "syllables")  # learns with all that a recipe may add
ADDED: dict[str, Any] = {"refinements": 1, "adversarial": 0.1, "centre_loss": 0.1, "label_smoothing": 0.1}
LIKE_CLASSES = ("small_cnn", "whole_syllables")  # it is learnt as classes are: once is enough
ROWS = 2


def make_batch(spec: Picture | PageImage | Words) -> Any:
    """Return two rows of what a network takes."""
    random = np.random.default_rng(7)
    if isinstance(spec, Words):
        characters = random.integers(1, spec.CHARACTERS, (ROWS, 5, spec.max_characters)).astype("int32")
        places = random.uniform(0, 1, (ROWS, 5, spec.PLACES)).astype("float32")
        return {"characters": characters, "places": places}
    return random.uniform(-1, 1, (ROWS, spec.height, spec.width, spec.channels)).astype("float32")


def make_labels(task: str) -> np.ndarray:
    """Return labels of two rows, as the task's `encode` writes them and training pads them."""
    return {
        "classification": np.array([3, 9]),
        "detection": np.tile([250, 0, 255, 180, 0, 0], (ROWS, 8, 8, 1)),
        "syllables": np.array([[18, 0, 4], [0, 20, 27]]),
        "whole_syllables": np.array([0, 2349]),
        "sequence": np.array([[5, 5, 8, 0], [0, 0, 0, 0]]),
        "tagging": np.array([[1, 2, 2, 1, 64], [1, 64, -1, -1, -1]]),
    }[task]


def run(network: str, task: str) -> dict[str, Any]:
    """Build a network with a task's head, and compute the loss; with JAX, train one step too."""
    keras.utils.set_random_seed(7)
    gives = get_network(network).GIVES
    specs = {
        "map": PageImage(side=32),
        "sequence": LineImage(height=16, width=48),
        "words": Words(max_characters=6),
    }
    spec: Picture | PageImage | Words = specs.get(gives, Image(height=75, width=75))
    added = ADDED if (network, task) == WITH_ADDED else {}
    trainer = Trainer(network=network, units=(8,), dropout=(0.1,), batch_size=ROWS, **added)
    part = Part(name="alone", input=spec, task=task, alphabet=ALPHABETS[task], trainer=trainer)
    model = models.extend_outputs(models.build(part)[0], part)
    losses = models.build_losses(part)
    batch, labels = make_batch(spec), make_labels(task)
    if added:
        labels = np.column_stack([labels, np.arange(ROWS)])  # with a style
    logits = model(batch, training=False)
    loss = float(np.mean(keras.ops.convert_to_numpy(losses["loss"](labels, logits))))
    found = {"network": network, "task": task, "shape": list(logits.shape), "loss": loss}
    if keras.backend.backend() != "numpy":  # which computes no gradients
        phase = models.plan_phases(trainer)[0]
        optimizer = models.build_optimizer(trainer.optimizer, phase, steps=1)
        model.compile(optimizer=optimizer, **losses)
        before = [weight.copy() for weight in model.get_weights()]
        found["step"] = float(model.train_on_batch(batch, labels, return_dict=True)["loss"])
        after = model.get_weights()
        found["moved"] = sum(not np.array_equal(one, other) for one, other in zip(before, after, strict=True))
        found["finite"] = all(bool(np.isfinite(weight).all()) for weight in after)
    return found


def compute_ctc() -> dict[str, Any]:
    """Return the sequence loss of logits worked out by hand and of random ones."""
    loss = get_task("sequence").load_learn().build_loss()
    uniform = loss.call(np.array([[1, 0], [0, 0], [1, 1]]), np.zeros((3, 2, 3), "float32"))
    random = np.random.default_rng(3)
    logits = random.normal(size=(6, 9, 5)).astype("float32")
    labels = np.array([[1, 2, 3, 4], [1, 1, 2, 2], [4, 0, 0, 0], [0, 0, 0, 0], [3, 3, 3, 0], [2, 1, 2, 0]])
    values = [keras.ops.convert_to_numpy(each).tolist() for each in (uniform, loss.call(labels, logits))]
    return {"uniform": values[0], "random": values[1]}


if __name__ == "__main__":
    assert set(ALPHABETS) == set(TASKS)
    assert all(get_alphabet(name) for name in ALPHABETS.values())
    for name in NETWORKS:
        gives = get_network(name).GIVES
        for task in [TASK_OF[gives]] if gives in TASK_OF else VECTORS:
            if isinstance(get_network(name), Application) and (name, task) != ADAPTED:
                continue
            if name == LIKE_SMALL:
                continue
            if task == LIKE_CLASSES[1] and name != LIKE_CLASSES[0]:
                continue
            sys.stdout.write(json.dumps(run(name, task)) + "\n")
    sys.stdout.write(json.dumps(compute_ctc()) + "\n")
    sys.stdout.write(json.dumps(sorted(set(BLOCKED) & set(sys.modules))) + "\n")
