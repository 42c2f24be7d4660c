"""Beam's steps by its portable protocol, which Flink, Spark and Dataflow speak, against the DirectRunner.

Driver, job service and two worker pools are processes that share nothing but a folder.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfx_ocr.data import pretrained, record_file
from tfx_ocr.data.samples import get_sample
from tfx_ocr.pipeline.recipes import get_recipe

pytestmark = pytest.mark.containers

READY_S = 120.0
JOB_SERVICE = "apache_beam.runners.portability.local_job_service_main"
POOL = "apache_beam.runners.worker.worker_pool_main"


@contextlib.contextmanager
def start(module: str, port: int, flag: str, folder: Path):
    """Run a module of Beam's until the end of the block, from when its port answers; yield the process."""
    folder.mkdir(parents=True)
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", module, f"--{flag}={port}"]
        with subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process:
            try:
                end = time.monotonic() + READY_S
                while socket.socket().connect_ex(("127.0.0.1", port)):
                    assert process.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < end, (folder / "log").read_text()
                    time.sleep(0.2)
                yield process
            finally:
                process.terminate()


def run(recipe, data: Path, folder: Path, beam: list[str]) -> None:
    """Run the steps that use Beam and those between them, with the weights that ship in place of a trained model."""
    from tfx import v1 as tfx
    from tfx.components import StatisticsGen, Transform
    from tfx.orchestration.metadata import sqlite_metadata_connection_config
    from tfx.proto import transform_pb2

    from tfx_ocr.components.evaluator.component import Evaluator
    from tfx_ocr.components.example_gen.component import ExampleGen
    from tfx_ocr.components.schema_gen.component import ImportSchemaGen
    from tfx_ocr.pipeline.graph import PREPROCESSING_FN

    def known(step):
        return {"recipe": recipe.dump_part(step), "code_version": "1"}

    example_gen = ExampleGen(input_base=str(data))
    example_gen.exec_properties.update(known("example_gen"))
    examples = example_gen.outputs["examples"]
    schema_gen = ImportSchemaGen(schema_file=recipe.schema)
    schema_gen.exec_properties.update(known("schema"))
    statistics_gen = StatisticsGen(examples=examples, schema=schema_gen.outputs["schema"])
    transform = Transform(
        examples=examples,
        schema=schema_gen.outputs["schema"],
        preprocessing_fn=PREPROCESSING_FN,
        custom_config=known("transform"),
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval"]),
        disable_statistics=True,
    )
    model = folder.parent / "model"
    if not model.exists():
        model.mkdir()
        (model / "Format-Serving").symlink_to(pretrained.get_folder(recipe.pretrained), target_is_directory=True)
    importer = tfx.dsl.Importer(source_uri=str(model), artifact_type=tfx.types.standard_artifacts.Model)
    evaluator = Evaluator(
        examples=examples, model=importer.with_id("model").outputs["result"], serving_dir=str(folder / "serving")
    )
    evaluator.exec_properties.update(known("evaluator"))
    tfx.orchestration.LocalDagRunner().run(
        tfx.dsl.Pipeline(
            pipeline_name=recipe.name,
            pipeline_root=str(folder / "root"),
            components=[example_gen, schema_gen, statistics_gen, transform, importer, evaluator],
            enable_cache=True,
            beam_pipeline_args=beam,
            metadata_connection_config=sqlite_metadata_connection_config(str(folder / "metadata.sqlite")),
        )
    )


def read(folder: Path) -> dict[str, object]:
    """Return what the steps left: records without their order, findings and metrics."""
    found: dict[str, object] = {}
    root = folder / "root"
    for step in ("ExampleGen/examples", "Transform/transformed_examples"):
        for split in ("train", "eval", "test"):
            files = root.glob(f"{step}/*/Split-{split}/*.gz")
            found[f"{step} {split}"] = sorted(raw for file in files for raw in record_file.read_records(file))
    [gate] = root.glob("Evaluator/evaluation/*/gate.json")
    verdict = json.loads(gate.read_text())
    found |= {name: verdict[name] for name in ("metrics", "n", "examples_digest", "classes", "confusion")}
    for name in ("rejected.jsonl", "summary.json"):
        [file] = root.glob(f"ExampleGen/examples/*/{name}")
        found[name] = file.read_text()
    return found


@pytest.mark.parametrize("name", ["digits", "lines"])
def test_the_portable_protocol_gives_the_records_and_metrics_of_the_direct_runner(name, ports, tmp_path):
    recipe = get_recipe(name)
    data = get_sample(recipe.sample)(tmp_path / "data")
    (tmp_path / "direct").mkdir()
    run(recipe, data, tmp_path / "direct", ["--direct_running_mode=in_memory", "--direct_num_workers=1"])
    service, first, second = ports(3)
    with (
        start(JOB_SERVICE, service, "port", tmp_path / "service"),
        start(POOL, first, "service_port", tmp_path / "first") as killed,
        start(POOL, second, "service_port", tmp_path / "second"),
    ):
        beam = [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{service}",
            "--environment_type=EXTERNAL",
            f"--environment_config=ipv4:127.0.0.1:{first},127.0.0.1:{second}",  # the next where one does not answer
        ]
        (tmp_path / "portable").mkdir()
        run(recipe, data, tmp_path / "portable", beam)
        whole = read(tmp_path / "portable")
        killed.kill()
        (tmp_path / "one_pool").mkdir()
        run(recipe, data, tmp_path / "one_pool", beam)
    direct = read(tmp_path / "direct")
    assert all(direct[f"ExampleGen/examples {split}"] for split in ("train", "eval", "test"))
    for found in (whole, read(tmp_path / "one_pool")):
        for what, expected in direct.items():
            assert found[what] == expected, what
