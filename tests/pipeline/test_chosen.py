"""The recipe of a run: network, tuner and overrides put in, and refused when they do not fit."""

import pytest

from tfx_ocr.pipeline.chosen import chosen
from tfx_ocr.pipeline.recipes import recipe
from tfx_ocr.pipeline.settings import Settings


def test_a_network_brings_its_own_trainer_part():
    it = chosen(Settings(network="inception_v3"))
    assert it.trainer == it.trainers["inception_v3"]
    assert (it.trainer.optimizer.name, it.trainer.optimizer.learning_rate) == ("rmsprop", 1e-3)


def test_overrides_replace_single_values_at_any_depth():
    it = chosen(Settings(overrides="trainer.epochs=3 gate.at_least.accuracy=0.5 trainer.optimizer.name=sgd"))
    plain = chosen(Settings())
    assert (it.trainer.epochs, it.gate.at_least["accuracy"], it.trainer.optimizer.name) == (3, 0.5, "sgd")
    assert it.gate.at_least["macro_f1"] == plain.gate.at_least["macro_f1"]
    assert it.part("transform") == plain.part("transform")


def test_without_settings_it_is_the_recipe_itself():
    assert chosen(Settings()) == recipe("digits")


def test_equal_values_give_equal_text():
    one, other = (chosen(Settings(overrides=f"gate.at_least.accuracy={text}")) for text in ("1", "1.0"))
    assert one.part("evaluator") == other.part("evaluator")


def test_tune_puts_a_tuner_in():
    assert chosen(Settings()).tuner is None
    assert min(chosen(Settings(tune="1")).tuner.units) >= 64


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"recipe": "digit"}, "no recipe 'digit'; known: digits"),
        ({"overrides": "trainer.epoch=3"}, "no field 'epoch'; known here: network, units"),
        ({"overrides": "trainer.epochs"}, "is not of the form field=value"),
        ({"overrides": "trainer.epochs=many"}, "trainer.epochs is 'many': input should be a valid integer"),
        ({"overrides": "trainer.optimizer.name=adagrad"}, "'rmsprop', 'adam', 'adamw' or 'sgd'"),
    ],
    ids=["recipe", "field", "form", "type", "choice"],
)
def test_what_does_not_fit_is_refused_naming_what_does(settings, said):
    with pytest.raises(ValueError, match=said):
        chosen(Settings(**settings))
