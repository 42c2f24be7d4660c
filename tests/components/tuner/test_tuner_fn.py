from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components import progress
from tfx_ocr.components.recipe import Base, Examples, Image, Optimizer, Recipe, Trainer, Tuner
from tfx_ocr.components.stop import Stop
from tfx_ocr.components.tuner.tuner_fn import tuner_fn

pytestmark = pytest.mark.tfx

TINY = Recipe(
    name="tiny",
    input=Image(height=6, width=6),
    task="classification",
    alphabet="digits",
    schema="",
    sample="",
    examples=Examples(readers=()),
    trainer=Trainer(
        network="mlp",
        units=(32, 16),  # not among the choices: what is tried is not what the recipe has
        dropout=(0.1, 0.1),
        optimizer=Optimizer(name="adam", learning_rate=1e-2, schedule="cosine"),
        batch_size=8,
        epochs=50,
        initial_weights="of another head",
    ),
    tuner=Tuner(units=(64, 96), dropout=(0.2, 0.4), trials=2, epochs=1),
)


def write(path, count):
    """Write `count` pictures, dark for a 0 and light for a 1."""
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for number in range(count):
            pixels = tf.train.BytesList(value=[bytes([255 * (number % 2)]) * 36])
            label = tf.train.Int64List(value=[number % 2])
            feature = {
                "pixels_xf": tf.train.Feature(bytes_list=pixels),
                "label_xf": tf.train.Feature(int64_list=label),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


@pytest.fixture
def fn_args(tmp_path):
    def make(recipe=TINY, train=20, judged=8):
        for split, count in (("train", train), ("eval", judged)):
            (tmp_path / f"Split-{split}").mkdir()
            write(tmp_path / f"Split-{split}" / "transformed_examples-00000-of-00001.gz", count)
        return SimpleNamespace(
            custom_config={"recipe": recipe.dump_part("tuner"), "code_version": "one"},
            train_files=[str(tmp_path / "Split-train" / "*")],
            eval_files=[str(tmp_path / "Split-eval" / "*")],
            working_dir=str(tmp_path / "working"),
        )

    return make


@pytest.fixture
def told(monkeypatch):
    lines = []
    monkeypatch.setattr(progress, "say", lines.append)
    return lines


def test_the_best_head_is_what_run_fn_expects(fn_args, told):
    result = tuner_fn(fn_args())
    assert (result.fit_kwargs["steps_per_epoch"], result.fit_kwargs["epochs"]) == (3, 1)  # 20 pictures in eights
    result.tuner.search(**result.fit_kwargs)
    # as the stock executor writes them, and `run_fn` reads them
    values = json.loads(json.dumps(result.tuner.get_best_hyperparameters()[0].get_config()))["values"]
    assert set(values) == {"units_0", "units_1", "dropout_0", "dropout_1"}
    assert {values["units_0"], values["units_1"]} <= {64, 96}
    assert {values["dropout_0"], values["dropout_1"]} <= {0.2, 0.4}
    trials = result.tuner.oracle.get_best_trials(2)
    assert len(trials) == 2
    assert trials[0].score <= trials[1].score  # eval loss: the lower the better
    assert trials[0].hyperparameters.values == values
    assert len(told) == 2
    assert told[1].startswith("     trial 2/2 dropout_0 ")
    assert told[1].endswith(f"val_loss {result.tuner.oracle.trials[result.tuner.oracle.end_order[1]].score:.4f}")


def test_the_model_tried_has_the_chosen_head_and_the_trainers_optimizer(fn_args):
    tuner = tuner_fn(fn_args()).tuner
    chosen = tuner.oracle.get_space()
    chosen.values |= {"units_0": 96, "dropout_0": 0.4, "units_1": 64, "dropout_1": 0.2}
    model = tuner.hypermodel.build(chosen)
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [512, 96, 64, 10]
    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.4, 0.2]
    schedule = model.optimizer._learning_rate
    # the whole cosine in the trial's one epoch of 3 steps, not in the Trainer's 50
    assert [float(schedule(step)) for step in (0, 3)] == pytest.approx([1e-2, 0.0], abs=1e-8)


def test_heads_are_tried_on_the_frozen_base_where_the_trainer_begins_so(fn_args):
    trainer = dataclasses.replace(TINY.trainer, base=Base(weights="made here", frozen_epochs=2))
    tuner = tuner_fn(fn_args(dataclasses.replace(TINY, trainer=trainer))).tuner
    model = tuner.hypermodel.build(tuner.oracle.get_space())
    dense = [layer for layer in model.layers if hasattr(layer, "units")]
    assert [layer.trainable for layer in dense] == [False, True, True, True]


def test_every_trial_begins_from_the_same_weights(fn_args):
    tuner = tuner_fn(fn_args()).tuner
    first, second = (tuner.hypermodel.build(tuner.oracle.get_space()).get_weights() for _ in range(2))
    assert len(first) == 8  # a kernel and a bias of each of the four layers
    for weight, expected in zip(first, second, strict=True):
        np.testing.assert_array_equal(weight, expected)


@pytest.mark.parametrize(("counts", "split"), [((0, 8), "train"), ((8, 0), "eval")])
def test_an_empty_split_stops_before_a_trial(fn_args, counts, split):
    with pytest.raises(Stop, match=f"split '{split}' has no records"):
        tuner_fn(fn_args(TINY, *counts))
