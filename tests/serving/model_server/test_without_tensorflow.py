"""A server process that cannot import TensorFlow answers from the portable forms, as the shipped models did before."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import grpc
import httpx
import numpy as np
import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.serving import messages
from tfx_ocr.serving.client import connect

SPEC = importlib.util.spec_from_file_location("golden_take", Path(__file__).parents[1] / "golden" / "take.py")
golden = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(golden)

BLOCKED = """
import sys
sys.modules.update(dict.fromkeys(["tensorflow", "tensorflow_serving", "keras"]))
from tfx_ocr.serving.model_server.main import main
sys.exit(main(sys.argv[1:]))
"""
MONITORING = Path(__file__).parents[3] / "serving/docker/monitoring.config"
NAMES = sorted(golden.READERS)
RECORDS = 5
READY_S = 120.0


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Return a folder with the shipped models, and `bare`, whose one version has no portable form."""
    top = tmp_path_factory.mktemp("models")
    for name in NAMES:
        (top / name).mkdir()
        (top / name / "1").symlink_to(pretrained.get_folder(name), target_is_directory=True)
    without = shutil.ignore_patterns("assets.extra")
    shutil.copytree(pretrained.get_folder("digits"), top / "bare" / "1", ignore=without)
    return top


def configure(base, names):
    config = messages.ModelServerConfig()
    for name in names:
        config.model_config_list.config.add(name=name, base_path=str(base / name), model_platform="tensorflow")
    return config


@pytest.fixture(scope="module")
def server(base, ports, tmp_path_factory):
    """Return the addresses of REST and gRPC."""
    rest, grpc_port = ports(2)
    file, log = base / "models.config", tmp_path_factory.mktemp("log") / "stderr"
    file.write_text(str(configure(base, NAMES)))
    flags = (f"--port={grpc_port}", f"--rest_api_port={rest}", f"--model_config_file={file}", "--enable_batching",
             f"--monitoring_config_file={MONITORING}", "--max_num_load_retries=0",
             "--require_manifest=false")  # fmt: skip
    with log.open("w") as errors, subprocess.Popen([sys.executable, "-c", BLOCKED, *flags], stderr=errors) as process:
        try:
            end = time.monotonic() + READY_S
            while "Exporting HTTP/REST API" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.05)
            yield {"REST": f"http://127.0.0.1:{rest}", "gRPC": f"127.0.0.1:{grpc_port}"}
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def call(server):
    """Return `call(method, request)` on the gRPC port."""
    with grpc.insecure_channel(server["gRPC"]) as channel:

        def send(name, request):
            method = messages.list_methods()[name]
            answer = channel.unary_unary(method.path, method.request.SerializeToString, method.response.FromString)
            return answer(request, timeout=60)

        yield send


@pytest.mark.parametrize("way", ["gRPC", "REST"])
@pytest.mark.parametrize("name", NAMES)
def test_every_signature_answers_as_it_did_before(server, name, way):
    expected = json.loads(golden.ANSWERS.read_text(encoding="utf-8"))[name]
    answered = []
    with connect(server[way], name, timeout_s=60.0) as model:
        for raw, answer in zip(golden.read(name)[:RECORDS], expected, strict=False):
            for signature, inputs in golden.build_requests(raw):
                golden.compare(golden.to_json(model.ask(signature, inputs)), answer, signature)
                answered.append(signature)
    assert len(answered) == 2 * RECORDS


@pytest.mark.parametrize("way", ["gRPC", "REST"])
def test_signatures_and_status_are_told(server, way):
    with connect(server[way], "digits") as model:
        assert model.signatures["serve_images"].inputs == {"image_bytes": ("string", (None,))}
        assert model.signatures["serving_default"].outputs["labels"] == ("string", (None, 5))
        assert [(each.version, each.state) for each in model.get_status()] == [(1, "AVAILABLE")]


def test_a_page_is_read_by_the_model_that_is_served(server):
    page = np.full((600, 600), 245, np.uint8)
    cv2.putText(page, "2075", (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (45,), 7, cv2.LINE_AA)
    content = cv2.imencode(".png", page)[1].tobytes()
    answer = httpx.post(f"{server['REST']}/v1/read", content=content, trust_env=False, timeout=60).json()
    assert [each["text"] for each in answer["pages"]] == ["2075"]


def test_requests_are_counted(server):
    page = httpx.get(f"{server['REST']}/monitoring/prometheus/metrics", trust_env=False).text
    assert ':tensorflow:cc:saved_model:load_attempt_count{model_path="' in page


def test_a_profile_needs_tensorflow(server):
    with grpc.insecure_channel(server["gRPC"]) as channel, pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary("/tensorflow.ProfilerService/Profile")(b"", timeout=60)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_version_without_portable_form_is_not_loaded_and_says_why(base, call):
    with pytest.raises(grpc.RpcError, match=r"has no portable form, and tensorflow is not installed"):
        call("HandleReloadConfigRequest", messages.ReloadConfigRequest(config=configure(base, [*NAMES, "bare"])))
    call("HandleReloadConfigRequest", messages.ReloadConfigRequest(config=configure(base, NAMES)))
    request = messages.GetModelStatusRequest(model_spec=messages.ModelSpec(name="digits"))
    assert [each.state for each in call("GetModelStatus", request).model_version_status] == [30]
