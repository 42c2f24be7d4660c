"""ImportSchemaGen: TFX's, with an executor that finds the schema in the package that runs it."""

from __future__ import annotations

from tfx.components.schema_gen.import_schema_gen import component as stock
from tfx.dsl.components.base import executor_spec

from tfx_ocr.components.schema_gen.executor import Executor


class ImportSchemaGen(stock.ImportSchemaGen):
    """TFX's ImportSchemaGen; `schema_file` is a name in `data/schemas/`, so that it holds on any machine, or ""."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
