"""The recipe of a run: network, tuner and overrides put in, and refused when they do not fit."""

import dataclasses
import shlex

import pydantic
import pytest

from tfx_ocr.components.recipe import Recipe
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


def test_initial_weights_by_the_name_of_a_pushed_model_are_its_newest_versions(tmp_path):
    settings = Settings(home=str(tmp_path), overrides="trainer.initial_weights=meters")
    assert resolve_recipe(settings).trainer.initial_weights == "meters"  # nothing is pushed: `check` says so
    for version in ("9", "10"):
        (tmp_path / "serving" / "meters" / version).mkdir(parents=True)
    assert resolve_recipe(settings).trainer.initial_weights == str(tmp_path / "serving" / "meters" / "10")


def test_members_by_the_name_of_a_pushed_model_are_its_newest_versions(tmp_path):
    (tmp_path / "serving" / "meters" / "10").mkdir(parents=True)
    settings = Settings(home=str(tmp_path), overrides="\"trainer.members=('digits','meters','old/3')\"")
    newest = str(tmp_path / "serving" / "meters" / "10")
    assert resolve_recipe(settings).trainer.members == ("digits", newest, "old/3")


@pytest.mark.parametrize("where", ["digits", "weights/digits", "", "digits.weights.h5"])
def test_initial_weights_that_ship_or_lie_at_a_path_stay_as_they_are_named(tmp_path, where):
    (tmp_path / "serving" / "digits" / "1").mkdir(parents=True)
    settings = Settings(home=str(tmp_path), overrides=f"trainer.initial_weights={where}")
    assert resolve_recipe(settings).trainer.initial_weights == where


def test_a_field_of_a_stage_is_replaced_by_the_stages_name():
    stages = "[{'name':'drawn','epochs':3,'sources':{'synthetic/':1}},{'name':'real','epochs':9}]"
    overrides = f'"trainer.stages={stages}" trainer.stages.real.epochs=2 trainer.stages.drawn.sources.synthetic/=0.5'
    drawn, real = resolve_recipe(Settings(overrides=overrides)).trainer.stages
    assert (drawn.name, drawn.epochs, drawn.sources) == ("drawn", 3, {"synthetic/": 0.5})
    assert (real.name, real.epochs, real.augment) == ("real", 2, None)


def test_tune_puts_a_tuner_in():
    assert resolve_recipe(Settings()).tuner is None
    assert min(resolve_recipe(Settings(tune="1")).tuner.units) >= 64


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"recipe": "digit"}, "no recipe 'digit'; known: digits"),
        ({"overrides": "trainer.epoch=3"}, "no field 'epoch'; known here: network, pooling, units"),
        ({"overrides": "trainer.epochs"}, "is not of the form field=value"),
        ({"overrides": "trainer.epochs=many"}, "trainer.epochs is 'many': input should be a valid integer"),
        ({"overrides": "trainer.optimizer.name=adagrad"}, "'rmsprop', 'adam', 'adamw', 'sgd' or 'adabound'"),
    ],
    ids=["recipe", "field", "form", "type", "choice"],
)
def test_what_does_not_fit_is_refused_naming_what_does(settings, said):
    with pytest.raises(ValueError, match=said):
        resolve_recipe(Settings(**settings))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.optimizer.learning_rate=nan", "learning_rate is 'nan': input should be a finite number"),
        ("trainer.optimizer.learning_rate=-1", "learning_rate is -1: input should be greater than 0"),
        ("trainer.optimizer.ema=1", "ema is 1: input should be less than 1"),
        ("image.height=-5", "input.image.height is -5: input should be greater than or equal to 1"),
        ("image.height=10_000_000", "height is 10000000: input should be less than or equal to 4096"),
        ("gate.at_least.accuracy=nan", "gate.at_least.accuracy is 'nan': input should be a finite number"),
        ("gate.at_most.cer=1e999", "gate.at_most.cer is inf: input should be a finite number"),
        ("trainer.dropout=(0.2,1.5)", "trainer.dropout.1 is 1.5: input should be less than or equal to 0.95"),
        ("trainer.epochs=0", "trainer.epochs is 0: input should be greater than or equal to 1"),
        ("trainers.mlp.batch_size=0", "trainers.mlp.batch_size is 0: input should be greater than or equal to 1"),
        ("examples.split.eval=2.0", "examples.split.eval is 2.0: input should be less than or equal to 1"),
        ("tuner.units=(32,)", "tuner.units.0 is 32: input should be greater than or equal to 64"),
        ("tuner.dropout=(0.1,)", "tuner.dropout.0 is 0.1: input should be greater than or equal to 0.2"),
        ("trainers.nope.epochs=5", "no 'nope'; known here: small_cnn, mlp, inception_v3"),
        ("gate.at_least.foo.bar=1", "no 'foo'; known here: accuracy"),
        ("gate.at_least.accuracy.bar=1", "no field 'bar'; known here: none"),
        ("trainer.stages.real.epochs=2", "no 'real'; known here: none"),
        ("trainer.units.0=5", "no '0'; known here: none"),
        ("trainer.stages=[{'name':'real'}]", "field trainer.stages.0.epochs is missing"),
        ("trainer.stages=[{'name':'real','epochs':2,'lr':1}]", "no field 'lr' in trainer.stages.0; known: name"),
        ("name=../../evil", "the name of a recipe cannot be replaced"),
        ("trainer.epochs={[]:1}", r"trainer.epochs is '{\[]:1}': input should be a valid integer"),
        ("trainer.epochs=" + "-" * 100_000 + "1", r"trainer.epochs is '-{99}: input should be a valid integer"),
        ("trainer.epochs=" + "(" * 500, r"trainer.epochs is '\({99}: input should be a valid integer"),
        ("trainer.epochs=" + "9" * 5000, r"trainer.epochs is '9{99}: unable to parse"),
    ],
    ids=lambda value: value.split("=")[0] if "=" in value else "",
)
def test_a_value_out_of_its_range_is_refused_in_one_sentence(override, said):
    with pytest.raises(ValueError, match=said) as refused:
        resolve_recipe(Settings(tune="1", overrides=shlex.quote(override)))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["../../evil", "", "-f", "a b", "evil\n", "a/b", "x" * 64])
def test_the_name_of_a_recipe_is_that_of_a_folder(name):
    values = dataclasses.asdict(get_recipe("digits")) | {"name": name}
    with pytest.raises(pydantic.ValidationError, match="name"):
        pydantic.TypeAdapter(Recipe).validate_python(values)
