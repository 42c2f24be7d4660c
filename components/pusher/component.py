"""Pusher: TFX's, with an executor that lands a version whole or not at all."""

from __future__ import annotations

from typing import Any

from tfx.components.pusher import component as stock
from tfx.dsl.components.base import executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.channel import BaseChannel
from tfx.types.component_spec import ChannelParameter

from tfx_ocr.components.pusher.executor import Executor


class Pusher(stock.Pusher):
    """TFX's Pusher, with its inputs, its output `pushed_model` and its `push_destination`: a file system folder."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, statistics: BaseChannel | None = None, keep: int = 0, **wiring: Any):
        """Wire it.

        Args:
            statistics: channel of the ExampleStatistics that the model's examples have, for the manifest.
            keep: how many of the newest versions stay after a push, see `serving.versions.prune`; 0 keeps all.
            wiring: of the stock component.
        """
        super().__init__(**wiring)
        if statistics:
            parameter = ChannelParameter(type=standard_artifacts.ExampleStatistics)
            self.spec.INPUTS = self.spec.INPUTS | {standard_component_specs.STATISTICS_KEY: parameter}
            self.spec.inputs[standard_component_specs.STATISTICS_KEY] = statistics
        self.exec_properties["keep"] = keep
