"""Report as a TFX component: what it reads and the artifact it writes."""

from __future__ import annotations

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import artifact, channel, channel_utils, component_spec, standard_artifacts

from tfx_ocr.components.report.executor import Executor


class HtmlReport(artifact.Artifact):
    """A folder with `index.html`, a page that needs nothing beside it, and `report.json`, the numbers it shows."""

    TYPE_NAME = "HtmlReport"


class ReportSpec(component_spec.ComponentSpec):
    """The artifacts of a run that the page is made from."""

    PARAMETERS = {}  # the recipe's part comes as for every step, see `pipeline/graph.py`
    INPUTS = {
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
    OUTPUTS = {"report": component_spec.ChannelParameter(type=HtmlReport)}


class Report(base_component.BaseComponent):
    """The last step: it reads every artifact of the run and judges nothing."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, **inputs: channel.BaseChannel) -> None:
        """Take the channels named in `ReportSpec.INPUTS`.

        Raises:
            TypeError: a channel is missing, unknown or of another type.
        """
        super().__init__(ReportSpec(**inputs, report=channel_utils.as_channel([HtmlReport()])))
