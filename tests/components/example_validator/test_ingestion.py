"""ExampleGen, StatisticsGen, ImportSchemaGen and ExampleValidator by TFX's own local runner."""

import dataclasses
import json
import struct
import zlib
from collections import Counter

import pytest
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.components import StatisticsGen
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from tfx_ocr.components.example_gen.component import ExampleGen
from tfx_ocr.components.example_validator.component import ExampleValidator
from tfx_ocr.components.recipe import Examples, Image, Recipe, Trainer
from tfx_ocr.components.stop import Stop
from tfx_ocr.data.images import PNG, encode_png
from tfx_ocr.data.schemas import get_schema_path

pytestmark = pytest.mark.tfx

RECIPE = Recipe(
    name="ingestion",
    input=Image(height=8, width=8),
    task="classification",
    alphabet="digits",
    schema="digits.pbtxt",
    sample="digits",
    examples=Examples(readers=("image_folder",), max_rejected=0.1),
    trainer=Trainer(network="mlp"),
)
COMPLETE, CACHED, FAILED = (
    metadata_store_pb2.Execution.COMPLETE,
    metadata_store_pb2.Execution.CACHED,
    metadata_store_pb2.Execution.FAILED,
)


def bomb():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0"))]
    return PNG + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def write_pictures(data):
    """Write 60 good pictures and 5 bad ones."""
    for number in range(60):
        split = {4: "validation", 5: "test"}.get(number // 10, "train")
        path = data / split / str(number % 10) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(bytes([number]) * 16, 4, 4))
    good = encode_png(b"\xff" * 16, 4, 4)
    bad = {
        "0/corrupt.png": b"\0" * 99,
        "1/empty.png": b"",
        "2/cut.png": good[:-20],
        "3/bomb.png": bomb(),
        "x/1.png": good,
    }
    for path, image in bad.items():
        (data / "train" / path).parent.mkdir(exist_ok=True)
        (data / "train" / path).write_bytes(image)


def run(tmp_path, recipe=RECIPE, schema=None):
    example_gen = ExampleGen(input_base=str(tmp_path / "data"))
    statistics_gen = StatisticsGen(examples=example_gen.outputs["examples"])
    schema_gen = ImportSchemaGen(schema_file=str(schema or get_schema_path(recipe.schema)))
    validator = ExampleValidator(statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"])
    example_gen.exec_properties.update(recipe=recipe.dump_part("example_gen"), code_version="1")
    LocalDagRunner().run(
        Pipeline(
            pipeline_name=recipe.name,
            pipeline_root=str(tmp_path / "root"),
            components=[example_gen, statistics_gen, schema_gen, validator],
            enable_cache=True,
            metadata_connection_config=metadata.sqlite_metadata_connection_config(str(tmp_path / "mlmd.sqlite")),
        )
    )


def states(tmp_path):
    """Count how often each component ended in each state."""
    store = metadata_store.MetadataStore(metadata.sqlite_metadata_connection_config(str(tmp_path / "mlmd.sqlite")))
    kinds = {kind.id: kind.name.rsplit(".", 1)[-1] for kind in store.get_execution_types()}
    return Counter((kinds[execution.type_id], execution.last_known_state) for execution in store.get_executions())


def test_pictures_to_judged_examples_by_the_real_runner(tmp_path):
    write_pictures(tmp_path / "data")
    run(tmp_path)
    first = states(tmp_path)
    assert first == {
        (name, COMPLETE): 1 for name in ("ExampleGen", "StatisticsGen", "ImportSchemaGen", "ExampleValidator")
    }
    (examples,) = (tmp_path / "root/ExampleGen/examples").iterdir()
    summary = json.loads((examples / "summary.json").read_text())
    assert summary["splits"] == {"train": 40, "eval": 10, "test": 10}
    assert summary["rejected"].keys() == {"not an image", "empty file", "damaged image", "too large", "unknown label"}

    # equal bytes written anew: nothing runs
    for path in (tmp_path / "data").rglob("*.png"):
        image = path.read_bytes()
        path.unlink()
        path.write_bytes(image)
    run(tmp_path)
    assert states(tmp_path) - first == {(name, CACHED): 1 for name, _ in first}

    # too much set aside: the run stops with the sentence alone, and TFX takes the half-made artifact away
    strict = dataclasses.replace(RECIPE, examples=dataclasses.replace(RECIPE.examples, max_rejected=0.05))
    with pytest.raises(Stop, match=r"^5 of 65 records in .* are set aside, 7\.7% where at most 5\.0% are allowed: "):
        run(tmp_path, strict)
    assert states(tmp_path)["ExampleGen", FAILED] == 1
    assert len(list((tmp_path / "root/ExampleGen/examples").iterdir())) == 1
    (listed,) = (tmp_path / "root/ExampleGen/rejected").iterdir()
    assert len(listed.read_text().splitlines()) == 5

    # a schema that knows no 9: found in every split, told for each
    narrow = tmp_path / "narrow.pbtxt"
    narrow.write_text(get_schema_path("digits.pbtxt").read_text().replace('  value: "9"\n', ""))
    with pytest.raises(Stop) as stopped:
        run(tmp_path, schema=narrow)
    told = str(stopped.value).splitlines()
    assert [line.split(",")[0] for line in told] == ["in train", "in eval", "in test"]
    assert all("feature 'label'" in line and "values missing from the schema: 9" in line for line in told)
    assert states(tmp_path)["ExampleValidator", FAILED] == 1
