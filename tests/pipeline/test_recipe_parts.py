"""A step is told its part of the recipe and no more, as canonical JSON."""

import json

import pydantic
import pytest

from tfx_ocr.components.recipe import PARTS, Part
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.pipeline.settings import Settings

FOLLOWS = {
    "gate.at_least.accuracy=0.5": {"evaluator", "report"},
    "trainer.epochs=1": {"trainer", "tuner", "report"},
    "image.margin=0.3": {"transform", "trainer", "tuner", "infra_validator", "pusher"},
    "examples.max_rejected=0.5": {"example_gen"},
    "serving.top_n=2": {"trainer", "tuner", "infra_validator"},
}


@pytest.mark.parametrize("override", FOLLOWS)
def test_a_change_reaches_the_steps_that_it_concerns(override):
    plain, changed = resolve_recipe(Settings()), resolve_recipe(Settings(overrides=override))
    assert {step for step in PARTS if plain.dump_part(step) != changed.dump_part(step)} == FOLLOWS[override]


@pytest.mark.parametrize("step", PARTS)
def test_a_part_reads_back_as_it_was(step):
    recipe = get_recipe("digits")
    part = Part.from_json(recipe.dump_part(step))
    for name in PARTS[step]:
        assert getattr(part, name) == getattr(recipe, name)


def test_a_misspelt_field_is_an_error():
    with pytest.raises(pydantic.ValidationError, match="epoch"):
        Part.from_json(json.dumps({"name": "x", "trainer": {"network": "mlp", "epoch": 3}}))
