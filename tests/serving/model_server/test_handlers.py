import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def served(write_export, tmp_path_factory):
    """Build handlers of the tiny reader that the project's tests share, and what is counted."""
    from tfx_ocr.serving.model_server.config import configure_model
    from tfx_ocr.serving.model_server.flags import Flags
    from tfx_ocr.serving.model_server.handlers import Handlers
    from tfx_ocr.serving.model_server.inference import Inference
    from tfx_ocr.serving.model_server.loader import Loader
    from tfx_ocr.serving.model_server.manager import Manager, Policy
    from tfx_ocr.serving.model_server.monitoring import Monitoring

    folder = tmp_path_factory.mktemp("tiny")
    write_export(folder / "7")
    inference, monitoring = Inference(), Monitoring()
    manager = Manager(Loader(flags=Flags(), inference=inference, monitoring=monitoring), Policy())
    manager.reload(configure_model("tiny", str(folder)))
    return Handlers(manager, inference, monitoring), monitoring


def ask(handlers, *pictures):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "tiny", "serve_images"
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(np.array(pictures, object)))
    return handlers.predict(request, 10.0)


def test_an_export_of_the_contract_answers(served):
    response = ask(served[0], b"7d", b"32")
    assert list(response.outputs["label"].string_val) == [b"7", b"3"]
    assert list(response.outputs["probability"].float_val) == [1.0, 0.5]
    assert [each.size for each in response.outputs["labels"].tensor_shape.dim] == [2, 2]


def test_its_answers_are_counted_by_label_and_confidence(served):
    handlers, monitoring = served
    ask(handlers, b"9d", b"92", b"8d")
    counted = monitoring.format_page()
    assert 'tfx_ocr_answers_total{model_name="tiny",label="9"} 2' in counted
    assert 'tfx_ocr_answers_total{model_name="tiny",label="8"} 1' in counted


class Failing:
    """Stands in for `Inference`: a model that fails as a network does that gets no rows."""

    def predict(self, servable, request, timeout_s):
        import grpc

        from tfx_ocr.serving.model_server.errors import ServingError

        raise ServingError(grpc.StatusCode.INVALID_ARGUMENT, "Incompatible shapes: [32] vs. [0,38,38,16]")


@pytest.mark.parametrize(
    ("pictures", "sentence"),
    [((), "Input is empty."), ((b"7d",), "Incompatible shapes: [32] vs. [0,38,38,16]")],
    ids=["without_rows", "with_a_row"],
)
def test_a_model_that_fails_without_rows_is_not_quoted(served, monkeypatch, pictures, sentence):
    from tfx_ocr.serving.model_server.errors import ServingError

    monkeypatch.setattr(served[0], "_inference", Failing())
    with pytest.raises(ServingError) as caught:
        ask(served[0], *pictures)
    assert (caught.value.code.name, caught.value.message) == ("INVALID_ARGUMENT", sentence)


@pytest.mark.parametrize("path", ["/etc/model", "/models/../etc/model", "/models2/digits", "/"])
def test_a_client_may_not_have_other_folders_loaded(served, monkeypatch, path):
    from tfx_ocr.serving import messages
    from tfx_ocr.serving.model_server.config import configure_model
    from tfx_ocr.serving.model_server.errors import ServingError

    handlers, _ = served
    monkeypatch.setattr(handlers, "reload_folders", {Path("/models")})
    request = messages.ReloadConfigRequest(config=configure_model("other", path))
    with pytest.raises(ServingError) as caught:
        handlers.handle_reload_config(request)
    assert (caught.value.code.name, caught.value.message) == (
        "PERMISSION_DENIED",
        f"Model other: {path} is outside the folders that may be loaded from: /models "
        "(--allow_reload_of_any_folder allows others)",
    )
    assert ask(handlers, b"7d").outputs["label"].string_val[:] == [b"7"]


@pytest.mark.parametrize("allowed", [None, "its parent"])
def test_a_client_may_have_allowed_folders_loaded(served, monkeypatch, write_export, tmp_path, allowed):
    from tfx_ocr.serving import messages
    from tfx_ocr.serving.model_server.config import configure_model

    handlers, _ = served
    monkeypatch.setattr(handlers, "reload_folders", allowed and {tmp_path})
    write_export(tmp_path / "other" / "1")
    configured = handlers._manager._models["tiny"].config
    config = configure_model("other", str(tmp_path / "other"))
    if allowed is None:
        config.model_config_list.config.append(configured)
    handlers.handle_reload_config(messages.ReloadConfigRequest(config=config))
    request = messages.GetModelStatusRequest()
    request.model_spec.name = "other"
    assert [each.version for each in handlers.get_model_status(request).model_version_status] == [1]
    monkeypatch.undo()
    handlers.handle_reload_config(messages.ReloadConfigRequest(config=configure_model("tiny", configured.base_path)))


def test_a_socket_is_taken_over_by_the_server_that_comes(served, tmp_path):
    import grpc
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    from tfx_ocr.serving.model_server.grpc_server import GrpcServer

    handlers, monitoring = served
    path = f"{tmp_path}/grpc.sock"
    servers = [GrpcServer(handlers, monitoring, port=0, socket_path=path) for _ in range(2)]
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "tiny"
    with grpc.insecure_channel(f"unix:{path}") as channel:
        assert model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, 20).model_version_status
    for server in servers:
        server.drain(1)


def test_tls_is_spoken_where_there_is_a_certificate(served, ports, tmp_path):
    import shutil
    import subprocess

    import grpc
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    from tfx_ocr.serving.model_server.config import SSLConfig
    from tfx_ocr.serving.model_server.grpc_server import GrpcServer

    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    ssl = SSLConfig(server_key=key.read_text(), server_cert=certificate.read_text())
    handlers, monitoring = served
    server = GrpcServer(handlers, monitoring, port=ports(1)[0], ssl=ssl)
    credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "tiny"
    with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
        (status,) = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, 20).model_version_status
    server.drain(1)
    assert status.version == 7
    verifying = dataclasses.replace(ssl, custom_ca=certificate.read_text(), client_verify=True)
    server = GrpcServer(handlers, monitoring, port=ports(1)[0], ssl=verifying)
    with_key = grpc.ssl_channel_credentials(certificate.read_bytes(), key.read_bytes(), certificate.read_bytes())
    for client, code in ((with_key, None), (credentials, grpc.StatusCode.UNAVAILABLE)):
        with grpc.secure_channel(f"localhost:{server.port}", client) as channel:
            found = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus.future(request, 20).exception()
            assert (found.code() if found else None) == code
    server.drain(1)
