"""The recipe of a run: network, tuner and overrides put in, and refused when they do not fit."""

import pytest

from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.pipeline.settings import Settings


def test_a_network_brings_its_own_trainer_part():
    recipe = resolve_recipe(Settings(network="inception_v3"))
    assert recipe.trainer == recipe.trainers["inception_v3"]
    assert (recipe.trainer.optimizer.name, recipe.trainer.optimizer.learning_rate) == ("rmsprop", 1e-3)


def test_overrides_replace_single_values_at_any_depth():
    recipe = resolve_recipe(
        Settings(overrides="trainer.epochs=3 gate.at_least.accuracy=0.5 trainer.optimizer.name=sgd")
    )
    plain = resolve_recipe(Settings())
    assert (recipe.trainer.epochs, recipe.gate.at_least["accuracy"], recipe.trainer.optimizer.name) == (3, 0.5, "sgd")
    assert recipe.gate.at_least["macro_f1"] == plain.gate.at_least["macro_f1"]
    assert recipe.dump_part("transform") == plain.dump_part("transform")


def test_without_settings_it_is_the_recipe_itself():
    assert resolve_recipe(Settings()) == get_recipe("digits")


def test_equal_values_give_equal_text():
    one, other = (resolve_recipe(Settings(overrides=f"gate.at_least.accuracy={text}")) for text in ("1", "1.0"))
    assert one.dump_part("evaluator") == other.dump_part("evaluator")


def test_tune_puts_a_tuner_in():
    assert resolve_recipe(Settings()).tuner is None
    assert min(resolve_recipe(Settings(tune="1")).tuner.units) >= 64


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
        resolve_recipe(Settings(**settings))
