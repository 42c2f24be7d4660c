"""The graph: the only place where components are wired, the same for every recipe and every orchestrator."""

from __future__ import annotations

from tfx.components import StatisticsGen, Trainer, Transform, Tuner
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2, trainer_pb2, transform_pb2

from tfx_ocr.components.evaluator.component import Evaluator
from tfx_ocr.components.example_gen.component import ExampleGen
from tfx_ocr.components.example_validator.component import ExampleValidator
from tfx_ocr.components.infra_validator.component import InfraValidator
from tfx_ocr.components.pusher.component import Pusher
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.components.report.component import Report
from tfx_ocr.components.schema_gen.component import ImportSchemaGen
from tfx_ocr.data.registry import check_known
from tfx_ocr.pipeline import repeats
from tfx_ocr.pipeline.code_version import compute_code_version
from tfx_ocr.pipeline.metadata import get_connection
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions

PREPROCESSING_FN = "tfx_ocr.components.transform.preprocessing.preprocessing_fn"
RUN_FN = "tfx_ocr.components.trainer.run_fn.run_fn"
TUNER_FN = "tfx_ocr.components.tuner.tuner_fn.tuner_fn"


def build(recipe: Recipe, settings: Settings) -> Pipeline:
    """Build the pipeline of the recipe's steps.

    Every step gets, in two exec properties, its part of the recipe (`recipe`) and a hash of the sources and libraries
    it runs (`code_version`), so that its cache key holds what TFX does not see (docs/decisions/0004).
    """

    def known(step: str) -> dict[str, str]:
        return {"recipe": recipe.dump_part(step), "code_version": compute_code_version(step, recipe)}

    train_and_eval = transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval"])
    steps: list[BaseComponent] = []

    def add(component: BaseComponent, step: str) -> BaseComponent:
        component.exec_properties.update(known(step))
        steps.append(component)
        return component

    example_gen = add(ExampleGen(input_base=settings.input), "example_gen")
    examples = example_gen.outputs["examples"]
    schema_gen = add(ImportSchemaGen(schema_file=recipe.schema), "schema")
    schema = schema_gen.outputs["schema"]
    statistics_gen = add(StatisticsGen(examples=examples, schema=schema), "statistics_gen")
    validator = add(
        ExampleValidator(
            statistics=statistics_gen.outputs["statistics"],
            schema=schema,
            serving_dir=settings.serving_dir,
            accepted=settings.describe_acceptance(),
        ),
        "example_validator",
    )
    transform = Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=PREPROCESSING_FN,
        custom_config=known("transform"),
        splits_config=train_and_eval,
        disable_statistics=True,  # the reviewed schema judges the raw data; these cost 2 ms a picture
    )
    add(transform, "transform")
    transform.add_upstream_node(validator)  # anomalies stop the run before anything is computed from the data
    learned = {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "schema": schema,
        "train_args": trainer_pb2.TrainArgs(splits=["train"]),
        "eval_args": trainer_pb2.EvalArgs(splits=["eval"]),
    }
    hyperparameters = None
    if recipe.tuner is not None:
        tuner = add(Tuner(tuner_fn=TUNER_FN, custom_config=known("tuner"), **learned), "tuner")
        hyperparameters = tuner.outputs["best_hyperparameters"]
    trainer = add(
        Trainer(run_fn=RUN_FN, custom_config=known("trainer"), hyperparameters=hyperparameters, **learned), "trainer"
    )
    model = trainer.outputs["model"]
    evaluator = add(
        Evaluator(
            examples=examples,
            model=model,
            serving_dir=settings.serving_dir,
            restored=versions.find_restored(settings.serving_dir),
        ),
        "evaluator",
    )
    infra_validator = add(InfraValidator(model=model, examples=examples), "infra_validator")
    pusher = add(
        Pusher(
            model=model,
            statistics=statistics_gen.outputs["statistics"],
            model_blessing=evaluator.outputs["blessing"],
            infra_blessing=infra_validator.outputs["blessing"],
            push_destination=pusher_pb2.PushDestination(
                filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=settings.serving_dir)
            ),
            keep=settings.get_keep_versions(),
        ),
        "pusher",
    )
    report = add(
        Report(
            examples=examples,
            statistics=statistics_gen.outputs["statistics"],
            anomalies=validator.outputs["anomalies"],
            schema=schema,
            transform_graph=transform.outputs["transform_graph"],
            model=model,
            model_run=trainer.outputs["model_run"],
            evaluation=evaluator.outputs["evaluation"],
            blessing=evaluator.outputs["blessing"],
            infra_blessing=infra_validator.outputs["blessing"],
            pushed_model=pusher.outputs["pushed_model"],
        ),
        "report",
    )
    report.exec_properties["repeats"] = repeats.read_results(settings)
    _set_beam_args(steps, settings)
    return Pipeline(
        pipeline_name=recipe.name,
        pipeline_root=settings.root,
        components=steps,
        enable_cache=True,
        beam_pipeline_args=settings.beam_args,
        metadata_connection_config=get_connection(settings),
    )


def _set_beam_args(steps: list[BaseComponent], settings: Settings) -> None:
    """Give steps the flags of Beam that are theirs alone; these come after those of all steps, and so count.

    Raises:
        ValueError: a flag is for a step that is unknown or does not use Beam.
    """
    of_beam = {component.id: component for component in steps if isinstance(component, BaseBeamComponent)}
    for step, flags in settings.list_step_beam_args().items():
        check_known(step, of_beam, f"setting beam: no step {step!r} that uses Beam")
        of_beam[step].with_beam_pipeline_args(flags)
