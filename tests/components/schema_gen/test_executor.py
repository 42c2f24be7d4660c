"""ImportSchemaGen finds the schema by its name in the package, wherever that is installed."""

import pytest

from tfx_ocr.data.schemas import get_schema_path

pytestmark = pytest.mark.tfx


def test_the_named_schema_becomes_the_artifact(artifact, tmp_path):
    from tfx_ocr.components.schema_gen.executor import Executor

    Executor().Do({}, {"schema": [artifact("Schema", tmp_path / "schema")]}, {"schema_file": "digits.pbtxt"})
    assert (tmp_path / "schema" / "schema.pbtxt").read_bytes() == get_schema_path("digits.pbtxt").read_bytes()


def test_an_unknown_name_is_refused_with_the_known_ones(artifact, tmp_path):
    from tfx_ocr.components.schema_gen.executor import Executor

    with pytest.raises(ValueError, match=r"no schema 'digts.pbtxt'; known: digits.pbtxt"):
        Executor().Do({}, {"schema": [artifact("Schema", tmp_path / "schema")]}, {"schema_file": "digts.pbtxt"})
