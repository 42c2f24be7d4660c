"""What ImportSchemaGen does: copies the schema of this name from the installed package, or derives the recipe's."""

from __future__ import annotations

import os
from typing import Any

from tfx import types
from tfx.components.schema_gen import executor as schema_gen
from tfx.components.schema_gen.import_schema_gen import executor as stock
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.schema_gen.schema import build_schema
from tfx_ocr.data.schemas import get_schema_path


class Executor(stock.Executor):
    """TFX's, given the path that the schema has here."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the schema.

        Args:
            input_dict: empty.
            output_dict: `schema` gets the file.
            exec_properties: `schema_file`: a name in `data/schemas/`; "" for the schema that follows from `recipe`,
                `Recipe.dump_part("schema")`.

        Raises:
            ValueError: unknown name; the known ones are named.
        """
        name = exec_properties[standard_component_specs.SCHEMA_FILE_KEY]
        if not name:
            folder = artifact_utils.get_single_uri(output_dict[standard_component_specs.SCHEMA_KEY])
            schema = build_schema(Part.from_json(exec_properties["recipe"]))
            io_utils.write_pbtxt_file(os.path.join(folder, schema_gen.DEFAULT_FILE_NAME), schema)
            return
        path = get_schema_path(name)
        super().Do(input_dict, output_dict, {**exec_properties, standard_component_specs.SCHEMA_FILE_KEY: str(path)})
