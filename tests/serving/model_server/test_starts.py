"""How the program starts, and what it does beside answering: its files, its sockets, its ports."""

import logging
import signal
import socket
import threading
import time

import pytest

pytestmark = pytest.mark.tfx

CONFIG = """
model_config_list {
  config { name: "%s" base_path: "%s" model_platform: "tensorflow" }
}
"""


@pytest.fixture(scope="module")
def top(tmp_path_factory, write_half_plus):
    top = tmp_path_factory.mktemp("models")
    write_half_plus(top / "half_plus_two" / "00000123")
    write_half_plus(top / "half_plus_three" / "1", add=3.0)
    (top / "config.txt").write_text(CONFIG % ("half_plus_two", top / "half_plus_two"))
    (top / "monitoring.txt").write_text("prometheus_config { enable: true }")
    return top


@pytest.fixture(scope="module")
def server(top, start_server):
    return start_server(
        f"--model_config_file={top}/config.txt",
        "--model_config_file_poll_wait_seconds=1",
        f"--grpc_socket_path={top}/grpc.sock",
        f"--monitoring_config_file={top}/monitoring.txt",
        "--grpc_channel_arguments=grpc.max_connection_age_ms=2000,grpc.lb_policy_name=grpclb",
        "--prefer_tflite_model=true",
        "--enable_serialization_as_tensor_content",
        "--flush_filesystem_caches=true",
        with_rest=True,
    ).wait_until_ready()


def predict(address, model):
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([2.0]))
    with grpc.insecure_channel(address) as channel:
        output = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, 20).outputs["y"]
    assert not output.float_val  # --enable_serialization_as_tensor_content
    return tf.make_ndarray(output).tolist()


def test_port_and_socket_answer(server, top):
    assert predict(f"localhost:{server.port}", "half_plus_two") == [3.0]
    assert predict(f"unix:{top}/grpc.sock", "half_plus_two") == [3.0]
    assert "--flush_filesystem_caches has no effect here" in server.log.read_text()


def test_rest_answers_and_gives_the_metrics(server):
    import httpx

    url = f"http://localhost:{server.rest_port}"
    answer = httpx.post(f"{url}/v1/models/half_plus_two:predict", json={"instances": [2.0, 4.0]}, timeout=20)
    assert answer.json() == {"predictions": [3.0, 4.0]}
    assert "# TYPE :tensorflow:serving:request_count counter" in httpx.get(f"{url}/monitoring/prometheus/metrics").text


def test_the_profiler_is_asked_on_the_servers_port(server, tmp_path):
    from tensorflow.python.profiler import profiler_client

    answers = []

    def ask():
        while len(answers) < 1000 and not list(tmp_path.rglob("*.xplane.pb")):
            answers.append(predict(f"localhost:{server.port}", "half_plus_two"))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        profiler_client.trace(f"localhost:{server.port}", str(tmp_path), 500, "", 10)
        assert list(tmp_path.rglob("*.xplane.pb"))
    finally:
        (tmp_path / "end.xplane.pb").touch()
        asking.join(60)


def test_the_profile_of_a_server_that_nobody_asks_shows_its_looks_for_versions(server, tmp_path):
    from tensorflow.python.profiler import profiler_client

    profiler_client.trace(f"localhost:{server.port}", str(tmp_path), 1500, "", 3)
    (profile,) = tmp_path.rglob("*.xplane.pb")
    assert b"look for versions" in profile.read_bytes()


def test_the_configuration_file_is_read_again(server, top):
    import grpc

    (top / "config.txt").write_text("no configuration")
    end = time.monotonic() + 30
    while "is not followed: Error parsing text-format" not in server.log.read_text():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert predict(f"localhost:{server.port}", "half_plus_two") == [3.0]
    (top / "config.txt").write_text(CONFIG % ("half_plus_three", top / "half_plus_three"))
    while True:
        try:
            assert predict(f"localhost:{server.port}", "half_plus_three") == [4.0]
            break
        except grpc.RpcError:
            assert time.monotonic() < end
            time.sleep(0.1)
    assert server.stop(signal.SIGINT) == 0


def refusal(*arguments):
    from tfx_ocr.serving.model_server import flags
    from tfx_ocr.serving.model_server.main import serve

    with pytest.raises(ValueError, match=r"\w") as refused:
        serve(flags.parse(["--require_manifest=false", *arguments])[0], threading.Event())
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_wrong_configuration_ends_the_program_with_a_sentence(tmp_path, monkeypatch, capsys):
    from tfx_ocr.serving.model_server.main import main

    file = tmp_path / "bad.txt"
    file.write_text("improper model config")
    ours = logging.getLogger("tfx_ocr.serving.model_server")
    for name in ("handlers", "level", "propagate"):  # the program sets them for itself
        monkeypatch.setattr(ours, name, getattr(ours, name))
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        assert main([f"--model_config_file={file}"]) == 1
    finally:
        signal.signal(signal.SIGTERM, handlers[0])
        signal.signal(signal.SIGINT, handlers[1])
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(
        f"Failed to start server. Error: Error parsing text-format tensorflow.serving.ModelServerConfig in {file}"
    )


def test_a_model_that_cannot_be_loaded_ends_the_program(tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    told = refusal(f"--model_base_path={tmp_path}/m", "--max_num_load_retries=0")
    assert told.startswith("Some models did not become available: {Name: default Version: 1: ")
    assert "holds no model that can be served" in told


def test_a_relative_path_is_refused_as_tensorflow_serving_refuses_it():
    assert "to have an absolute path or URI; got base_path()=models" in refusal("--model_base_path=models")


def test_a_taken_port_ends_the_program(top, tmp_path):
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refusal(f"--model_base_path={top}/half_plus_two", f"--port={port}", "--bind=0.0.0.0")
        flags = ("--port=0", f"--grpc_socket_path={tmp_path}/s", f"--rest_api_port={port}", "--bind=0.0.0.0")
        rest = refusal("--model_base_path=/nowhere", *flags)
    assert told.startswith(f"gRPC cannot listen on 0.0.0.0:{port}")
    assert rest.startswith(f"REST cannot listen on 0.0.0.0:{port}")  # before the model, which is not there


def test_channel_arguments_are_key_and_value(top):
    told = refusal(f"--model_base_path={top}/half_plus_two", "--port=8511", "--grpc_channel_arguments=grpc.a")
    assert told == "--grpc_channel_arguments: 'grpc.a' is not key=value"


def test_the_end_may_come_before_the_first_version(tmp_path):
    from tfx_ocr.serving.model_server import flags
    from tfx_ocr.serving.model_server.main import serve

    (tmp_path / "m").mkdir()
    stop = threading.Event()
    serving = threading.Thread(target=serve, args=(flags.parse([f"--model_base_path={tmp_path}/m"])[0], stop))
    serving.start()
    serving.join(0.3)
    assert serving.is_alive()
    stop.set()
    serving.join(10)
    assert not serving.is_alive()
