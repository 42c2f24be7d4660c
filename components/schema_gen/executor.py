"""What ImportSchemaGen does: copies the schema of this name from the installed package."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.components.schema_gen.import_schema_gen import executor as stock
from tfx.types import standard_component_specs

from tfx_ocr.data.schemas import get_schema_path


class Executor(stock.Executor):
    """TFX's, given the path that the schema has here."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Copy the schema.

        Args:
            input_dict: empty.
            output_dict: `schema` gets the file.
            exec_properties: `schema_file`: a name in `data/schemas/`.

        Raises:
            ValueError: unknown name; the known ones are named.
        """
        path = get_schema_path(exec_properties[standard_component_specs.SCHEMA_FILE_KEY])
        super().Do(input_dict, output_dict, {**exec_properties, standard_component_specs.SCHEMA_FILE_KEY: str(path)})
