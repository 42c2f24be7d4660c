"""The gRPC client against a servicer with set answers that records its requests."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.server
import threading
import time

import numpy as np
import pytest

pytestmark = pytest.mark.tfx

grpc = pytest.importorskip("grpc")

from tfx_ocr.serving.client import Backoff, RequestError, Signature, VersionState, connect  # noqa: E402

QUICK = Backoff(attempts=3, first_s=0.01, longest_s=0.01)
HANGS_S = 60.0  # of a server that does not answer


@pytest.fixture
def serve():
    """Return `serve(answer, ...)`: a server's address and requests; answers: (code, details), protos or functions."""
    from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

    with contextlib.ExitStack() as stack:

        def start(*answers, address="127.0.0.1:0"):
            left, asked = list(answers), []

            def answer(request, context):
                asked.append((request, context.time_remaining()))
                one = left.pop(0) if len(left) > 1 else left[0]
                if callable(one):
                    return one(request)
                if isinstance(one, tuple):
                    context.abort(*one)
                return one

            class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
                def Predict(self, request, context):  # noqa: N802 (the stub's name)
                    return answer(request, context)

                def GetModelMetadata(self, request, context):  # noqa: N802
                    return answer(request, context)

            class Models(model_service_pb2_grpc.ModelServiceServicer):
                def GetModelStatus(self, request, context):  # noqa: N802
                    return answer(request, context)

            server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
            prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Predictions(), server)
            model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
            port = server.add_insecure_port(address)
            server.start()
            stack.callback(lambda: server.stop(None).wait())
            return f"127.0.0.1:{port}", asked

        yield start


def predicted(**outputs):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    answer = predict_pb2.PredictResponse()
    for name, value in outputs.items():
        answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
    return answer


def client(address, **options):
    return connect(address, "m", **{"backoff": QUICK, **options})


def test_inputs_and_outputs_are_arrays(serve):
    outputs = predicted(label=[b"\xff7", b"1"], probability=np.array([0.25, 0.5], np.float32), labels=[["a"], ["b"]])
    address, asked = serve(outputs)
    with client(address) as model:
        answer = model.ask(
            "serve_images", {"image_bytes": [b"\x89PNG\x00", b""], "scale": np.array([[1.5]], np.float32)}
        )
    ((request, left),) = asked
    assert (request.model_spec.name, request.model_spec.signature_name) == ("m", "serve_images")
    assert not request.model_spec.HasField("version")
    assert list(request.inputs["image_bytes"].string_val) == [b"\x89PNG\x00", b""]
    assert [size.size for size in request.inputs["scale"].tensor_shape.dim] == [1, 1]
    assert 5.0 < left < 11.0  # 10, on the way for some time and by another clock
    assert answer["label"].tolist() == [b"\xff7", b"1"]
    assert (answer["probability"].dtype, answer["probability"].tolist()) == (np.float32, [0.25, 0.5])
    assert answer["labels"].tolist() == [[b"a"], [b"b"]]


def test_a_version_or_a_label_is_asked_for(serve):
    address, asked = serve(predicted(y=[1.0]))
    for chosen in ({"version": 3}, {"label": "old"}):
        with client(address, **chosen) as model:
            model.ask("s", {"x": [1.0]})
    assert asked[0][0].model_spec.version.value == 3
    assert asked[1][0].model_spec.version_label == "old"


def test_outputs_are_chosen_by_the_server(serve):
    address, asked = serve(predicted(y=[2.0]))
    with client(address, label="old") as model:
        model.ask("s", {"x": [1.0]}, outputs=["y"])
        assert (model.name, model.version) == ("m", "old")
    assert list(asked[0][0].output_filter) == ["y"]


def test_a_request_that_a_stopping_server_cancels_is_sent_again(serve):
    address, asked = serve((grpc.StatusCode.CANCELLED, "CANCELLED"), predicted(y=[2.0]))
    with client(address) as model:
        assert model.ask("s", {"x": [1.0]})["y"].tolist() == [2.0]
    assert len(asked) == 2


def test_an_address_may_be_as_grpc_has_them(serve):
    address, asked = serve(predicted(y=[2.0]))
    with client(f"dns:///{address}") as model:
        assert model.ask("s", {"x": [1.0]})["y"].tolist() == [2.0]
    assert len(asked) == 1


def test_replicas_behind_one_address_are_asked_in_turn(serve):
    (one, of_one), (other, of_other) = serve(predicted(y=[1.0])), serve(predicted(y=[1.0]))
    with client(f"ipv4:{one},{other}") as model:
        for _ in range(600):
            model.ask("s", {"x": [1.0]})
            if of_one and of_other:  # both are connected
                break
            time.sleep(0.05)
        before = len(of_one), len(of_other)
        for _ in range(8):
            model.ask("s", {"x": [1.0]})
    assert (len(of_one) - before[0], len(of_other) - before[1]) == (4, 4)


def test_a_port_that_does_not_answer_grpc_is_told():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        with pytest.raises(RequestError, match=f"the port does not answer gRPC; for REST, give http://{address}"):
            client(address, timeout_s=60).get_status()
        server.shutdown()


def test_both_a_version_and_a_label_are_bad_use():
    with pytest.raises(ValueError, match="give one of the two"):
        connect("127.0.0.1:1", "m", version=1, label="a")


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_a_busy_server_is_asked_again(serve, code):
    address, asked = serve((grpc.StatusCode[code], "queue is full"), predicted(y=[2.0]))
    with client(address) as model:
        assert model.ask("s", {"x": [1.0]})["y"].tolist() == [2.0]
    assert len(asked) == 2
    assert asked[0][0] == asked[1][0]


def test_attempts_are_counted_and_the_last_error_told(serve):
    address, asked = serve((grpc.StatusCode.UNAVAILABLE, "draining"))
    with client(address) as model, pytest.raises(RequestError) as raised:
        model.ask("s", {"x": [1.0]})
    assert str(raised.value) == f"{address}: draining (UNAVAILABLE)"
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("INVALID_ARGUMENT", "input must be 4-D"),
        ("NOT_FOUND", "Servable not found for request: Latest(m)"),
        ("FAILED_PRECONDITION", "no such signature"),
        ("INTERNAL", "broken"),
        ("DEADLINE_EXCEEDED", "too slow"),
        ("RESOURCE_EXHAUSTED", "SERVER: Received message larger than max (9 vs. 4)"),
    ],
    ids=["invalid", "not_found", "precondition", "internal", "deadline", "too_large"],
)
def test_any_other_refusal_is_final_and_has_the_servers_words(serve, code, details):
    address, asked = serve((grpc.StatusCode[code], details))
    with client(address) as model, pytest.raises(RequestError) as raised:
        model.ask("s", {"x": [1.0]})
    assert str(raised.value) == f"{address}: {details} ({code})"
    assert raised.value.code == code
    assert len(asked) == 1


def test_a_silent_server_is_left_at_the_deadline(serve):
    over, answered = threading.Event(), []
    address, asked = serve(lambda request: answered.append(over.wait(HANGS_S)))
    with client(address) as model, pytest.raises(RequestError, match="DEADLINE_EXCEEDED"):
        model.ask("s", {"x": [1.0]}, timeout_s=1.0)
    assert answered == []
    over.set()
    assert asked[0][1] < 1.25


def test_a_refused_connection_is_tried_and_told(ports):
    with client(f"127.0.0.1:{ports(1)[0]}") as model, pytest.raises(RequestError) as raised:
        model.ask("s", {"x": [1.0]})
    assert raised.value.code == "UNAVAILABLE"
    assert "refused" in str(raised.value)


def test_a_server_that_comes_back_is_found(serve, ports):
    address = f"127.0.0.1:{ports(1)[0]}"
    patient = Backoff(attempts=1000, first_s=0.1, longest_s=0.1)
    with client(address, backoff=patient, timeout_s=60) as model, concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(model.ask, "s", {"x": [1.0]})
        time.sleep(0.3)
        assert not waiting.done()
        serve(predicted(y=[2.0]), address=address)
        assert waiting.result(timeout=60)["y"].tolist() == [2.0]


def test_status_is_read(serve):
    from tensorflow_serving.apis import get_model_status_pb2

    status = get_model_status_pb2.GetModelStatusResponse()
    ended = status.model_version_status.add(version=3, state="END")
    ended.status.error_message = "no disk"
    status.model_version_status.add(version=12, state="AVAILABLE")
    address, asked = serve(status)
    with client(address) as model:
        assert model.get_status() == [VersionState(12, "AVAILABLE"), VersionState(3, "END", "no disk")]
    assert asked[0][0].model_spec.name == "m"


def test_metadata_is_signatures(serve):
    from tensorflow_serving.apis import get_model_metadata_pb2

    signatures = get_model_metadata_pb2.SignatureDefMap()
    one = signatures.signature_def["serving_default"]
    one.method_name = "tensorflow/serving/predict"
    one.inputs["x"].dtype = 1  # DT_FLOAT
    for size in (-1, 2):
        one.inputs["x"].tensor_shape.dim.add(size=size)
    one.outputs["y"].dtype = 7  # DT_STRING
    one.outputs["y"].tensor_shape.unknown_rank = True
    signatures.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "NoOp"
    answer = get_model_metadata_pb2.GetModelMetadataResponse()
    answer.metadata["signature_def"].Pack(signatures)
    address, asked = serve(answer)
    with client(address) as model:
        assert model.signatures == {
            "serving_default": Signature(inputs={"x": ("float32", (None, 2))}, outputs={"y": ("string", None)})
        }
    assert list(asked[0][0].metadata_field) == ["signature_def"]
