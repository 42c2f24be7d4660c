"""The REST client against a server with set answers that records its requests."""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import http.server
import json
import socket
import struct
import threading
import time

import numpy as np
import pytest

from tfx_ocr.serving.client import Backoff, RequestError, Signature, VersionState, connect

QUICK = Backoff(attempts=3, first_s=0.01, longest_s=0.01)
HANGS_S = 60.0  # of a server that does not answer
METADATA = {
    "model_spec": {"name": "m", "signature_name": "", "version": "3"},
    "metadata": {
        "signature_def": {
            "signature_def": {
                "serving_default": {
                    "inputs": {
                        "x": {
                            "dtype": "DT_FLOAT",
                            "tensor_shape": {"dim": [{"size": "-1", "name": ""}, {"size": "2", "name": ""}]},
                            "name": "x:0",
                        }
                    },
                    "outputs": {
                        "y": {"dtype": "DT_STRING", "tensor_shape": {"dim": [], "unknown_rank": True}, "name": "y:0"}
                    },
                    "method_name": "tensorflow/serving/predict",
                },
                "__saved_model_init_op": {
                    "inputs": {},
                    "outputs": {
                        "__saved_model_init_op": {
                            "dtype": "DT_INVALID",
                            "tensor_shape": {"dim": [], "unknown_rank": True},
                            "name": "NoOp",
                        }
                    },
                    "method_name": "",
                },
            }
        }
    },
}


class Server(http.server.ThreadingHTTPServer):
    """Gives `answers` in turn, (status, body) or a function of the handler; the last one for ever."""

    daemon_threads = True

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        pass  # a client may give up


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.asked.append((self.command, self.path, self.rfile.read(length)))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer(self)
            return
        status, body = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 (the base class's name)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:

        def start(*answers):
            server = Server(*answers)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return server

        yield start


def client(server, **options):
    return connect(getattr(server, "url", server), "m", **{"backoff": QUICK, **options})


@pytest.fixture
def refused(ports):
    """Return an address without a listener."""
    return f"http://127.0.0.1:{ports(1)[0]}"


def drop(handler):
    """End the connection without a word."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def test_pictures_go_as_base64_in_columns(serve):
    server = serve((200, {"outputs": {"label": ["7"], "probability": [0.5]}}))
    with client(server) as model:
        model.ask("serve_images", {"image_bytes": [b"\x89PNG\x00"], "scale": np.array([[1.5, 2.0]], np.float32)})
    ((method, path, body),) = server.asked
    assert (method, path) == ("POST", "/v1/models/m:predict")
    assert json.loads(body) == {
        "signature_name": "serve_images",
        "inputs": {"image_bytes": [{"b64": "iVBORwA="}], "scale": [[1.5, 2.0]]},
    }


def test_a_server_on_this_machine_is_asked_without_the_proxy(serve, refused, monkeypatch):
    monkeypatch.setenv("http_proxy", refused)
    monkeypatch.delenv("no_proxy", raising=False)
    server = serve((200, {"outputs": {"label": ["7"], "probability": [0.5]}}))
    with client(server) as model:
        assert model.ask("serve_images", {"image_bytes": [b"1"]})["label"].tolist() == [b"7"]


def test_arrays_of_objects_and_plain_texts_go_as_they_are_meant(serve):
    server = serve((200, {"outputs": {"a": [1], "b": [1]}}))
    with client(server) as model:
        model.ask("s", {"bytes": np.array([b"\x00\x01"], object), "text": ["\u00e0"], "whole": np.array([3], np.int64)})
    sent = json.loads(server.asked[0][2])["inputs"]
    assert sent == {"bytes": [{"b64": "AAE="}], "text": ["\u00e0"], "whole": [3]}


def test_outputs_are_arrays_with_texts_as_bytes(serve):
    picture = base64.b64encode(b"\x00\xff").decode()
    outputs = {
        "label": ["\ud55c", "7"],
        "labels": [["a", "b", "c"], ["d", "e", "f"]],
        "probability": [0.25, 0.5],
        "count": [3, 4],
        "picture_bytes": [{"b64": picture}, {"b64": picture}],
        "none": [],
    }
    with client(serve((200, {"outputs": outputs}))) as model:
        answer = model.ask("s", {"x": [1]})
    assert answer["label"].tolist() == ["\ud55c".encode(), b"7"]
    assert answer["labels"].shape == (2, 3)
    assert answer["labels"][1, 2] == b"f"
    assert answer["picture_bytes"].tolist() == [b"\x00\xff", b"\x00\xff"]
    assert (answer["probability"].dtype, answer["probability"].tolist()) == (np.float64, [0.25, 0.5])
    assert (answer["count"].dtype, answer["none"].shape) == (np.int64, (0,))


def test_tokens_beyond_json_are_numbers(serve):
    server = serve((200, b'{"outputs": {"y": [NaN, Infinity, -Infinity], "z": [1.0, 2.0, 3.0]}}'))
    with client(server) as model:
        answer = model.ask("s", {"x": [float("nan"), float("inf")]})
    np.testing.assert_array_equal(answer["y"], [np.nan, np.inf, -np.inf])
    assert b"[NaN, Infinity]" in server.asked[0][2]


def test_a_single_output_gets_its_name_from_the_metadata_once(serve):
    server = serve((200, {"outputs": ["a", "b"]}), (200, METADATA), (200, {"outputs": ["c"]}))
    with client(server) as model:
        assert model.ask("serving_default", {"x": [[1, 2]]})["y"].tolist() == [b"a", b"b"]
        assert model.ask("serving_default", {"x": [[1, 2]]})["y"].tolist() == [b"c"]
    assert [path for _, path, _ in server.asked] == [
        "/v1/models/m:predict",
        "/v1/models/m/metadata",
        "/v1/models/m:predict",
    ]


@pytest.mark.parametrize(
    ("chosen", "path"),
    [({}, "/v1/models/m"), ({"version": 3}, "/v1/models/m/versions/3"), ({"label": "old"}, "/v1/models/m/labels/old")],
    ids=["newest", "version", "label"],
)
def test_status_is_that_of_the_version_asked_for(serve, chosen, path):
    body = {
        "model_version_status": [
            {"version": "3", "state": "END", "status": {"error_code": "INTERNAL", "error_message": "no disk"}},
            {"version": "12", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}},
        ]
    }
    server = serve((200, body))
    with client(server, **chosen) as model:
        assert model.get_status() == [VersionState(12, "AVAILABLE"), VersionState(3, "END", "no disk")]
    assert server.asked == [("GET", path, b"")]


def test_metadata_is_signatures(serve):
    with client(serve((200, METADATA))) as model:
        assert model.signatures == {
            "serving_default": Signature(inputs={"x": ("float32", (None, 2))}, outputs={"y": ("string", None)})
        }


def test_a_client_is_a_model_with_a_name_a_version_and_chosen_outputs(serve):
    server = serve((200, {"outputs": {"a": [1], "b": [2]}}))
    with client(server) as model:
        assert (model.name, model.version) == ("m", "")
        assert {name: value.tolist() for name, value in model.ask("s", {"x": [1]}, outputs=["b"]).items()} == {"b": [2]}
        with pytest.raises(RequestError, match=r"alias not found in signature: c \(INVALID_ARGUMENT\)"):
            model.ask("s", {"x": [1]}, outputs=["c"])
    assert client(server, version=3).version == "3"
    assert client(server, label="stable").version == "stable"


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(serve, status):
    server = serve((status, {"error": "queue is full"}), (200, {"outputs": {"a": [1], "b": [2]}}))
    with client(server) as model:
        assert model.ask("s", {"x": [1]})["b"].tolist() == [2]
    assert len(server.asked) == 2
    assert server.asked[0] == server.asked[1]


def test_a_lost_connection_is_asked_again(serve):
    server = serve(drop, (200, {"outputs": {"a": [1], "b": [2]}}))
    with client(server) as model:
        assert model.ask("s", {"x": [1]})["a"].tolist() == [1]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_ARGUMENT"),
        (404, "NOT_FOUND"),
        (409, "ABORTED"),
        (418, "HTTP 418"),
        (500, "INTERNAL"),
        (501, "UNIMPLEMENTED"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_any_other_refusal_is_final_and_has_the_servers_words(serve, status, code):
    server = serve((status, {"error": "JSON Parse error:\n The document is empty"}))
    with client(server) as model, pytest.raises(RequestError) as raised:
        model.ask("s", {"x": [1]})
    assert str(raised.value) == f"{server.url}: JSON Parse error: The document is empty ({code})"
    assert raised.value.code == code
    assert len(server.asked) == 1


def test_a_refusal_that_is_no_json_has_its_reason(serve):
    with client(serve((404, b"<html>nginx</html>"))) as model, pytest.raises(RequestError, match="Not Found"):
        model.get_status()


def test_an_answer_that_cannot_be_unpacked_is_final(serve):
    def pack(handler):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        handler.wfile.write(b"plain")

    server = serve(pack)
    with client(server) as model, pytest.raises(RequestError) as raised:
        model.get_status()
    assert (raised.value.code, raised.value.again, len(server.asked)) == ("UNAVAILABLE", False, 1)


def test_an_answer_that_is_no_model_servers_is_said(serve):
    with (
        client(serve((200, b"<html>hello</html>"))) as model,
        pytest.raises(RequestError, match="is it a model server"),
    ):
        model.get_status()


def test_a_refused_connection_is_tried_as_often_as_allowed(refused, monkeypatch):
    tried, open_connection = [], socket.create_connection

    def count(address, *arguments, **options):
        tried.append(address)
        return open_connection(address, *arguments, **options)

    monkeypatch.setattr(socket, "create_connection", count)
    with client(refused) as model, pytest.raises(RequestError) as raised:
        model.ask("s", {"x": [1]})
    assert raised.value.code == "UNAVAILABLE"
    assert "refused" in str(raised.value)
    assert len(tried) == QUICK.attempts


def test_a_server_that_comes_back_is_found():
    with http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False) as late:
        late.server_bind()  # the port is its own, but a connection is refused
        late.answers, late.asked = [(200, {"outputs": {"a": [1], "b": [2]}})], []

        def start():
            time.sleep(0.3)
            late.server_activate()
            late.handle_request()

        thread = threading.Thread(target=start)
        thread.start()
        patient = Backoff(attempts=1000, first_s=0.1, longest_s=0.1)
        with client(f"http://127.0.0.1:{late.server_port}", backoff=patient, timeout_s=60) as model:
            assert model.ask("s", {"x": [1]})["a"].tolist() == [1]
        thread.join()


def test_a_silent_server_is_left_at_the_deadline(serve):
    over, answered = threading.Event(), []
    server = serve(lambda handler: answered.append(over.wait(HANGS_S)))
    with client(server) as model, pytest.raises(RequestError, match=r"no answer within 0\.2 s \(DEADLINE_EXCEEDED\)"):
        model.ask("s", {"x": [1]}, timeout_s=0.2)
    assert (len(server.asked), answered) == (1, [])
    over.set()


def test_an_answer_that_trickles_in_is_cut_off(serve):
    answered = []

    def trickle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(1000):  # until the client has left
            handler.wfile.write(b" ")
            time.sleep(0.05)
        answered.append(1000)

    with client(serve(trickle), timeout_s=0.3) as model, pytest.raises(RequestError, match="DEADLINE_EXCEEDED"):
        model.get_status()
    assert answered == []


@pytest.mark.parametrize(
    ("server", "options", "said"),
    [
        ("ftp://h:1", {}, "ftp is not known"),
        ("http://h:1", {"version": 1, "label": "a"}, "give one of the two"),
        ("http://h:port", {}, "is not an address"),
    ],
    ids=["scheme", "version_and_label", "port"],
)
def test_bad_use_is_one_sentence(server, options, said):
    with pytest.raises(ValueError, match=said):
        connect(server, "m", **options)


def test_a_port_that_does_not_answer_http_is_told():
    import grpc

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    client = connect(f"http://127.0.0.1:{port}", "m", backoff=QUICK, timeout_s=60)
    with pytest.raises(RequestError, match="the port does not answer HTTP; for gRPC, give HOST:PORT alone"):
        client.get_status()
    server.stop(None)
