"""Report as a TFX component: what it reads and the artifact it writes."""

from __future__ import annotations

from typing import ClassVar

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, channel_utils, component_spec, standard_artifacts
from tfx.types.experimental import simple_artifacts

from tfx_ocr.components.report.executor import Executor


class ReportSpec(component_spec.ComponentSpec):
    """What the page is made from, and `report`: a folder with `index.html` and `report.json`, the numbers it shows.

    The output is TFX's File: Kubeflow v2 takes no artifact type of one's own (docs/decisions/0007-report.md).
    """

    PARAMETERS: ClassVar[dict] = {}  # the recipe's part comes as for every step, see `pipeline/graph.py`
    INPUTS: ClassVar = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "anomalies": component_spec.ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
        "transform_graph": component_spec.ChannelParameter(type=standard_artifacts.TransformGraph),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "model_run": component_spec.ChannelParameter(type=standard_artifacts.ModelRun),
        "evaluation": component_spec.ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing),
        "infra_blessing": component_spec.ChannelParameter(type=standard_artifacts.InfraBlessing),
        "pushed_model": component_spec.ChannelParameter(type=standard_artifacts.PushedModel),
    }
    OUTPUTS: ClassVar = {"report": component_spec.ChannelParameter(type=simple_artifacts.File)}


class Report(base_component.BaseComponent):
    """The last step: it reads every artifact of the run and judges nothing."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: channel.BaseChannel,
        statistics: channel.BaseChannel,
        anomalies: channel.BaseChannel,
        schema: channel.BaseChannel,
        transform_graph: channel.BaseChannel,
        model: channel.BaseChannel,
        model_run: channel.BaseChannel,
        evaluation: channel.BaseChannel,
        blessing: channel.BaseChannel,
        infra_blessing: channel.BaseChannel,
        pushed_model: channel.BaseChannel,
    ) -> None:
        """Take the outputs of the other steps, each under the name and of the type in `ReportSpec.INPUTS`."""
        super().__init__(
            ReportSpec(
                examples=examples,
                statistics=statistics,
                anomalies=anomalies,
                schema=schema,
                transform_graph=transform_graph,
                model=model,
                model_run=model_run,
                evaluation=evaluation,
                blessing=blessing,
                infra_blessing=infra_blessing,
                pushed_model=pushed_model,
                report=channel_utils.as_channel([simple_artifacts.File()]),
            )
        )
