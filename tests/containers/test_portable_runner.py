"""Beam's steps by its portable protocol, which Flink, Spark and Dataflow speak, against the DirectRunner.

Driver, job service and two worker pools are processes of their own that share nothing but a folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tfx_ocr.data import pretrained, record_file
from tfx_ocr.data.example import parse_example
from tfx_ocr.data.samples import get_sample
from tfx_ocr.pipeline.recipes import get_recipe

pytestmark = pytest.mark.containers

READY_S = 300.0
JOB_SERVICE = "apache_beam.runners.portability.local_job_service_main"
POOL = "apache_beam.runners.worker.worker_pool_main"


@contextlib.contextmanager
def start(module: str, port: int, flag: str, folder: Path):
    """Run a module of Beam's until the end of the block, from when its port answers; yield the process."""
    folder.mkdir(parents=True)
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", module, f"--{flag}={port}"]
        # a pool starts its workers by the name `python` (findings/beam_worker_pool_python.sh)
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        with subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment) as process:
            try:
                end = time.monotonic() + READY_S
                while not is_open(port):
                    assert process.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < end, (folder / "log").read_text()
                    time.sleep(0.2)
                yield process
            finally:
                process.terminate()


def is_open(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def run(recipe, data: Path, folder: Path, beam: list[str]) -> None:
    """Run the steps from the data to Transform, and judge the model that ships on the test split."""
    from tfx import v1 as tfx
    from tfx.components import StatisticsGen, Transform
    from tfx.orchestration.metadata import sqlite_metadata_connection_config
    from tfx.proto import transform_pb2

    from tfx_ocr.components.evaluator.component import Evaluator
    from tfx_ocr.components.example_gen.component import ExampleGen
    from tfx_ocr.components.schema_gen.component import ImportSchemaGen
    from tfx_ocr.pipeline.graph import PREPROCESSING_FN

    def describe(step: str) -> dict[str, str]:
        return {"recipe": recipe.dump_part(step), "code_version": "1"}

    example_gen = ExampleGen(input_base=str(data))
    example_gen.exec_properties.update(describe("example_gen"))
    examples = example_gen.outputs["examples"]
    schema_gen = ImportSchemaGen(schema_file=recipe.schema)
    schema_gen.exec_properties.update(describe("schema"))
    schema = schema_gen.outputs["schema"]
    statistics_gen = StatisticsGen(examples=examples, schema=schema)
    transform = Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=PREPROCESSING_FN,
        custom_config=describe("transform"),
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval"]),
        disable_statistics=True,
    )
    shutil.copytree(pretrained.get_folder(recipe.name), folder / "model" / "Format-Serving")
    model = tfx.dsl.Importer(str(folder / "model"), tfx.types.standard_artifacts.Model).with_id("Model")
    evaluator = Evaluator(examples=examples, model=model.outputs["result"], serving_dir=str(folder / "serving"))
    evaluator.exec_properties.update(describe("evaluator"))
    tfx.orchestration.LocalDagRunner().run(
        tfx.dsl.Pipeline(
            pipeline_name=recipe.name,
            pipeline_root=str(folder / "root"),
            components=[example_gen, schema_gen, statistics_gen, transform, model, evaluator],
            beam_pipeline_args=beam,
            metadata_connection_config=sqlite_metadata_connection_config(str(folder / "metadata.sqlite")),
        )
    )


def read(folder: Path) -> dict[str, object]:
    """Return what the steps left: findings, statistics, records and answers without their order, metrics."""
    import tensorflow_data_validation as tfdv
    import tensorflow_model_analysis as tfma

    root = folder / "root"
    found: dict[str, object] = {}
    for step in ("ExampleGen/examples", "Transform/transformed_examples"):
        for split in ("train", "eval", "test"):
            files = root.glob(f"{step}/*/Split-{split}/*.gz")
            records = [parse_example(raw) for file in files for raw in record_file.read_records(file)]
            found[f"{step} {split}"] = sorted(repr(sorted(record.items())) for record in records)
    for name in ("rejected.jsonl", "summary.json"):
        [file] = root.glob(f"ExampleGen/examples/*/{name}")
        found[name] = file.read_text(encoding="utf-8")
    for file in root.glob("StatisticsGen/statistics/*/Split-*/FeatureStats.pb"):
        [statistics] = tfdv.load_stats_binary(str(file)).datasets
        # quantiles are approximations that depend on the order
        counts = [
            (feature.path.step[0], feature.type, feature.string_stats.unique, feature.string_stats.common_stats)
            for feature in statistics.features
        ]
        found[f"statistics {file.parent.name}"] = (statistics.num_examples, sorted(map(repr, counts)))
    [evaluation] = root.glob("Evaluator/evaluation/*")
    answers = [json.loads(line) for file in evaluation.glob("answers-*") for line in file.read_text().splitlines()]
    answers.sort(key=lambda answer: answer["record"])
    found["probabilities"] = [each["outputs"].pop("probability") for each in answers]
    found["answers"] = answers
    found["verdict"] = json.loads((evaluation / "gate.json").read_text(encoding="utf-8"))
    sliced = tfma.load_eval_result(str(evaluation)).slicing_metrics
    found["metrics"] = {repr(key): values for key, values in sliced}
    return found


@pytest.mark.parametrize("name", ["digits", "lines"])
def test_the_portable_protocol_gives_what_the_direct_runner_gives(name, ports, tmp_path, monkeypatch):
    """The pool that the first step's workers came from is killed after it: those of the next come from the other."""
    monkeypatch.setattr(sys, "argv", sys.argv[:1])  # TFX reads it, and pytest's flags are not its own
    recipe = get_recipe(name)
    data = get_sample(recipe.sample)(tmp_path / "data")
    service, first, second = ports(3)
    with (
        start(JOB_SERVICE, service, "port", tmp_path / "service"),
        start(POOL, first, "service_port", tmp_path / "first") as killed,
        start(POOL, second, "service_port", tmp_path / "second"),
    ):
        done = threading.Event()

        def kill() -> None:
            while not list(tmp_path.glob("portable/root/ExampleGen/examples/*/summary.json")) and not done.wait(0.1):
                pass
            killed.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            run(
                recipe,
                data,
                tmp_path / "portable",
                [
                    "--runner=PortableRunner",
                    "--job_server_timeout=600",
                    f"--job_endpoint=localhost:{service}",
                    "--environment_type=EXTERNAL",
                    f"--environment_config=ipv4:127.0.0.1:{first},127.0.0.1:{second}",  # the second if the first fails
                ],
            )
        finally:
            done.set()
            killer.join()
        assert killed.poll() is not None
    run(recipe, data, tmp_path / "direct", ["--direct_running_mode=in_memory", "--direct_num_workers=1"])
    direct, portable = read(tmp_path / "direct"), read(tmp_path / "portable")
    assert all(direct[f"ExampleGen/examples {split}"] for split in ("train", "eval", "test"))
    assert direct["statistics Split-train"]
    assert direct["answers"]
    # their last digits depend on the sizes of batches
    assert portable.pop("probabilities") == pytest.approx(direct.pop("probabilities"), abs=1e-6)
    assert portable.keys() == direct.keys()
    for what, expected in direct.items():
        assert portable[what] == expected, what
