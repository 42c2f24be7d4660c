"""InfraValidator: a component of our own, as Kubeflow Pipelines v2 refuses TFX's and TFX's wants Docker."""

from __future__ import annotations

from typing import ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts, standard_component_specs

from tfx_ocr.components.infra_validator.executor import Executor


class InfraValidatorSpec(types.ComponentSpec):
    """Inputs and output under the stock component's names; the recipe comes as an exec property."""

    PARAMETERS: ClassVar[dict[str, component_spec.ExecutionParameter]] = {}
    INPUTS: ClassVar[dict[str, component_spec.ChannelParameter]] = {
        standard_component_specs.MODEL_KEY: component_spec.ChannelParameter(type=standard_artifacts.Model),
        standard_component_specs.EXAMPLES_KEY: component_spec.ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS: ClassVar[dict[str, component_spec.ChannelParameter]] = {
        standard_component_specs.BLESSING_KEY: component_spec.ChannelParameter(type=standard_artifacts.InfraBlessing),
    }


class InfraValidator(base_component.BaseComponent):
    """Output `blessing`: an InfraBlessing that the stock Pusher reads; `reason.txt` in it says why not."""

    SPEC_CLASS = InfraValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, model: types.BaseChannel, examples: types.BaseChannel):
        """Wire it.

        Args:
            model: channel of the Model to try.
            examples: channel of Examples to ask it about.
        """
        super().__init__(
            InfraValidatorSpec(
                model=model,
                examples=examples,
                blessing=types.Channel(type=standard_artifacts.InfraBlessing),
            )
        )
