"""Pusher: TFX's, with an executor that lands a version whole or not at all."""

from __future__ import annotations

from tfx.components.pusher import component as stock
from tfx.dsl.components.base import executor_spec

from tfx_ocr.components.pusher.executor import Executor


class Pusher(stock.Pusher):
    """TFX's Pusher, with its inputs, its output `pushed_model` and its `push_destination`: a file system folder."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
