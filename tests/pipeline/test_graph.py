"""The graph: the same steps for every recipe, each with its part and its code version; metadata where settings say."""

import json

import pytest

from tfx_ocr.components.recipe import PARTS
from tfx_ocr.pipeline.code_version import compute_code_version
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.recipes import RECIPES
from tfx_ocr.pipeline.settings import Settings

pytestmark = pytest.mark.tfx

STEPS = {
    "ExampleGen": "example_gen",
    "ImportSchemaGen": "schema",
    "StatisticsGen": "statistics_gen",
    "ExampleValidator": "example_validator",
    "Transform": "transform",
    "Trainer": "trainer",
    "Evaluator": "evaluator",
    "InfraValidator": "infra_validator",
    "Pusher": "pusher",
    "Report": "report",
}


@pytest.fixture(params=RECIPES)
def settings(request, tmp_path):
    return Settings(recipe=request.param, home=str(tmp_path), input=str(tmp_path))


def test_every_recipe_has_the_same_steps_in_order(settings):
    from tfx_ocr.pipeline.graph import build

    built = build(resolve_recipe(settings), settings)
    assert [component.id for component in built.components] == list(STEPS)
    for component in built.components:
        step, it = STEPS[component.id], resolve_recipe(settings)
        assert component.exec_properties["recipe"] == it.dump_part(step)
        assert component.exec_properties["code_version"] == compute_code_version(step, it)
        assert set(json.loads(component.exec_properties["recipe"])) == set(PARTS[step])


def test_pusher_is_given_the_statistics_that_its_manifest_names(settings):
    from tfx.dsl.compiler.compiler import Compiler

    from tfx_ocr.pipeline.graph import build

    compiled = Compiler().compile(build(resolve_recipe(settings), settings))
    nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in compiled.nodes}
    [channel] = nodes["Pusher"].inputs.inputs["statistics"].channels
    assert (channel.producer_node_query.id, channel.output_key) == ("StatisticsGen", "statistics")


def test_beams_flags_are_for_all_steps_or_for_one(settings):
    import dataclasses

    from tfx_ocr.pipeline.graph import build

    given = dataclasses.replace(settings, beam="--runner=A Transform.--runner=B Transform.--direct_num_workers=2")
    built = {component.id: component for component in build(resolve_recipe(given), given).components}
    assert built["ExampleGen"].executor_spec.beam_pipeline_args == ["--runner=A"]
    assert built["Transform"].executor_spec.beam_pipeline_args == ["--runner=A", "--runner=B", "--direct_num_workers=2"]
    wrong = dataclasses.replace(settings, beam="Trainer.--runner=B")
    with pytest.raises(ValueError, match=r"setting beam: no step 'Trainer' that uses Beam; known: .*ExampleGen"):
        build(resolve_recipe(wrong), wrong)


def test_tune_puts_a_tuner_before_the_trainer(settings):
    import dataclasses

    from tfx_ocr.pipeline.graph import build

    tuned = dataclasses.replace(settings, tune="1")
    built = {component.id: component for component in build(resolve_recipe(tuned), tuned).components}
    assert built["Tuner"] in built["Trainer"].upstream_nodes
    assert built["Transform"] in built["Tuner"].upstream_nodes


def test_anomalies_stop_the_run_before_transform(settings):
    from tfx_ocr.pipeline.graph import build

    built = {component.id: component for component in build(resolve_recipe(settings), settings).components}
    assert built["ExampleValidator"] in built["Transform"].upstream_nodes
