"""The Kubeflow specification: valid by KFP's own schema, and the local graph step by step; submitted to an endpoint."""

import dataclasses
import http.server
import json
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline.recipes import RECIPES, get_recipe
from tfx_ocr.pipeline.settings import Settings

pytestmark = [
    pytest.mark.tfx,
    pytest.mark.skipif(sys.version_info >= (3, 12), reason="tfx[kfp] is for Python 3.11 only: see docs/operations.md"),
]

CLUSTER = Settings(
    input="s3://bucket/data", pipeline_root="s3://bucket/root", serving="/mnt/serving", image="tfx-ocr:1"
)


OWN = """
task = "classification"
classes = ["Ä", "B"]
[input]
kind = "image"
height = 32
width = 32
[examples]
readers = ["image_folder"]
[trainer]
network = "small_cnn"
initial_weights = "digits"
"""


@pytest.fixture(scope="module", params=[*sorted(RECIPES), "own"])
def settings(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "own.toml").write_text(OWN, encoding="utf-8")
    return dataclasses.replace(CLUSTER, recipe=request.param, home=str(home), recipes=str(home))


@pytest.fixture(scope="module")
def spec(settings):
    from tfx_ocr.pipeline.kubeflow_runner import build_specification

    return build_specification(settings)


def test_kfp_reads_every_field_of_it(spec, settings):
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    read = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())  # an unknown field is an error
    assert read.schema_version == "2.1.0"
    assert read.pipeline_info.name == settings.recipe
    assert read.default_pipeline_root == "s3://bucket/root"


def test_it_is_the_local_graph_step_by_step(spec, settings):
    from tfx_ocr.pipeline.graph import build
    from tfx_ocr.pipeline.overrides import resolve_recipe

    local = {component.id: component for component in build(resolve_recipe(settings), settings).components}
    tasks = spec["root"]["dag"]["tasks"]
    assert set(tasks) == set(local)
    for name, component in local.items():
        task = tasks[name]
        assert set(task.get("dependentTasks", [])) == {node.id for node in component.upstream_nodes}, name
        for key, channel in component.inputs.items():
            producer = task["inputs"]["artifacts"][key]["taskOutputArtifact"]
            assert (producer["producerTask"], producer["outputArtifactKey"]) == (
                channel.producer_component_id,
                channel.output_key,
            )
        parameters = {key: value["runtimeValue"]["constant"] for key, value in task["inputs"]["parameters"].items()}
        assert parameters == {key: value for key, value in component.exec_properties.items() if value is not None}
        executor = spec["deploymentSpec"]["executors"][f"{name}_executor"]["container"]
        wanted = component.executor_spec.executor_class
        assert executor["args"][:2] == ["--executor_class_path", f"{wanted.__module__}.{wanted.__qualname__}"]
        assert executor["image"] == "tfx-ocr:1"


def test_every_recipe_has_the_same_steps(spec):
    assert sorted(spec["root"]["dag"]["tasks"]) == [
        *("Evaluator", "ExampleGen", "ExampleValidator", "ImportSchemaGen", "InfraValidator"),
        *("Pusher", "Report", "StatisticsGen", "Trainer", "Transform"),
    ]


def test_every_step_knows_its_part_and_its_code(spec, settings):
    tasks = spec["root"]["dag"]["tasks"]
    assert len(tasks) == 10
    for name, task in tasks.items():
        known = task["inputs"]["parameters"]
        assert json.loads(known["recipe"]["runtimeValue"]["constant"])["name"] == settings.recipe, name
        assert len(known["code_version"]["runtimeValue"]["constant"]) == 12, name


def test_no_path_of_the_compiling_machine_is_in_it(spec, settings):
    text = json.dumps(spec)
    root = Path(__file__).resolve().parents[2]
    for path in (root, settings.home, sys.prefix, tempfile.gettempdir()):
        assert str(path) not in text, path
    schema = spec["root"]["dag"]["tasks"]["ImportSchemaGen"]["inputs"]["parameters"]["schema_file"]
    expected = "" if settings.recipe == "own" else get_recipe(settings.recipe).schema
    assert schema["runtimeValue"]["constant"] == expected


def test_the_values_of_a_recipe_of_ones_own_travel(tmp_path):
    from tfx_ocr.pipeline.kubeflow_runner import build_specification

    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    here = dataclasses.replace(CLUSTER, recipe="own", home=str(tmp_path), recipes=str(tmp_path))
    tasks = build_specification(here)["root"]["dag"]["tasks"]
    for step, field, value in (
        ("ExampleGen", "alphabet", {"classes": ["Ä", "B"]}),
        ("ImportSchemaGen", "alphabet", {"classes": ["Ä", "B"]}),
        ("Trainer", "trainer", "digits"),
    ):
        known = json.loads(tasks[step]["inputs"]["parameters"]["recipe"]["runtimeValue"]["constant"])[field]
        assert (known["initial_weights"] if field == "trainer" else known) == value
    (tmp_path / "work/serving/letters/7").mkdir(parents=True)
    (tmp_path / "work/serving/letters/7/saved_model.pb").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        weights = "work/serving/letters/7"
        with pytest.raises(ValueError, match=f"trainer.initial_weights has '{weights}', a path of this machine"):
            build_specification(dataclasses.replace(here, overrides=f"trainer.initial_weights={weights}"))


@pytest.mark.parametrize("field", ["input", "pipeline_root", "serving"])
def test_an_address_the_cluster_needs_is_asked_for(settings, field):
    from tfx_ocr.pipeline.kubeflow_runner import build_specification

    with pytest.raises(ValueError, match=f"TFX_OCR_{field.upper()}"):
        build_specification(dataclasses.replace(settings, **{field: ""}))


def test_steps_have_the_requests_and_limits_of_the_settings(spec, settings):
    from tfx_ocr.pipeline.kubeflow_runner import build_specification

    steps = spec["deploymentSpec"]["executors"]
    assert [name for name, executor in steps.items() if "resources" in executor["container"]] == []
    text = "memory=4Gi memory_request=512Mi Trainer.memory=16Gi Trainer.cpu=2.5 Trainer.cpu_request=500m Trainer.gpu=2"
    asked = build_specification(dataclasses.replace(settings, resources=text))["deploymentSpec"]["executors"]
    assert asked.pop("Trainer_executor")["container"]["resources"] == {
        "resourceMemoryLimit": "16Gi",
        "resourceMemoryRequest": "512Mi",
        "resourceCpuLimit": "2.5",
        "resourceCpuRequest": "500m",
        "accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "2"},
    }
    assert len(asked) == 9
    for executor in asked.values():
        assert executor["container"]["resources"] == {"resourceMemoryLimit": "4Gi", "resourceMemoryRequest": "512Mi"}
    with pytest.raises(ValueError, match=r"no step 'Trainor'; known: .*Trainer"):
        build_specification(dataclasses.replace(settings, resources="Trainor.gpu=1"))


@pytest.fixture
def endpoint():
    """Serve a Kubeflow Pipelines API that takes runs and keeps what it was sent."""
    sent = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self, value):
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            experiment = {"experiment_id": "e1", "display_name": "tfx-ocr"}
            self._answer({"experiments": [experiment]} if "experiments" in self.path else {"multi_user": False})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent.append((self.path, body))
            self._answer({"run_id": "run-1", "experiment_id": "e1"})

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()


def test_submit_sends_the_specification(endpoint, settings, spec, monkeypatch):
    from tfx_ocr.pipeline.cli import app

    address, sent = endpoint
    for name, value in settings.to_environment().items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app(), ["submit", settings.recipe, "--endpoint", address])
    assert result.exit_code == 0, result.output
    assert "submitted: run run-1" in result.output
    [(_, run)] = [(path, body) for path, body in sent if path.endswith("/runs")]
    assert run["experiment_id"] == "e1"
    assert run["pipeline_spec"]["root"] == spec["root"]
    assert run["pipeline_spec"]["deploymentSpec"] == spec["deploymentSpec"]
