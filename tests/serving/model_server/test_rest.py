import asyncio
import contextlib
import gzip
import http.client
import json
import socket
import threading
import time

import grpc
import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tfx_ocr.serving import codes, dtypes, messages
from tfx_ocr.serving.model_server import rest
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.tensors import to_array, to_proto

METRICS = "/monitoring/prometheus/metrics"
PREDICT = "/v1/models/half:predict"
LARGE = 32 << 20  # bytes, more than sockets hold
QUESTION, ANSWER = b'{"instances": [2.0, 3.0]}', {"predictions": [3.0, 3.5]}


class Handlers:
    """y = x / 2 + 2. "slow" and "large" answer once they are let go; one with a code's name is refused with it."""

    def __init__(self):
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self.timeouts: list[float | None] = []

    def get_model_metadata(self, request):
        signatures = messages.SignatureDefMap()
        signatures.signature_def["serving_default"].inputs["x"].dtype = dtypes.DT_FLOAT
        response = messages.GetModelMetadataResponse(model_spec=request.model_spec)
        response.metadata["signature_def"].Pack(signatures)
        return response

    def predict(self, request, timeout_s=None):
        self.timeouts.append(timeout_s)
        if request.model_spec.name in ("slow", "large"):
            self.begun.set()
            assert self.let_go.wait(20)
        response = messages.PredictResponse()
        if request.model_spec.name == "large":
            response.outputs["y"].CopyFrom(to_proto(np.array([b"y" * LARGE], object)))
            return response
        response.outputs["y"].CopyFrom(to_proto(to_array(request.inputs["x"], "x") / 2 + 2))
        return response

    def get_model_status(self, request):
        if request.model_spec.name == "broken":
            raise KeyError("a mistake of ours")
        if request.model_spec.name != "half":
            raise ServingError(grpc.StatusCode[request.model_spec.name], "told so")
        response = messages.GetModelStatusResponse()
        response.model_version_status.add(version=1, state=30)
        return response


class Client:
    """Asks the application, without a socket."""

    def __init__(self, app: rest.App):
        self.app = app

    def request(self, method: str, url: str, **more) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
                return await client.request(method, url, **more)

        return asyncio.run(ask())

    def get(self, url: str) -> httpx.Response:
        return self.request("GET", url)

    def post(self, url: str, **more) -> httpx.Response:
        return self.request("POST", url, **more)


@pytest.fixture
def handlers():
    handlers = Handlers()
    yield handlers
    handlers.let_go.set()


@pytest.fixture
def monitoring():
    monitoring = Monitoring()
    for model in (*grpc.StatusCode.__members__, "half", "broken", "slow"):
        monitoring.add_model(model)
    return monitoring


@pytest.fixture
def client(handlers, monitoring):
    app = rest.App(handlers, monitoring, threads=2, timeout_ms=30_000, monitoring_path=METRICS)
    yield Client(app)
    app.close()


@pytest.fixture
def server(handlers, monitoring):
    app = rest.App(handlers, monitoring, threads=2, timeout_ms=30_000, monitoring_path=METRICS)
    server = rest.Server(app, 0, bind="0.0.0.0")
    yield server
    handlers.let_go.set()
    server.stop(5)


def connect(server: rest.Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def post(server: rest.Server, url: str = PREDICT, body: bytes = QUESTION) -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", url, body)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def wait_until_closed(server: rest.Server) -> None:
    """Wait until connections are refused, at most 20 s."""
    for _ in range(200):
        try:
            connect(server).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.1)
    raise AssertionError("the server still lets clients in")


def in_thread(action):
    """Run `action`; what it gives is the list's one element once `join` has returned."""
    found: list = []
    thread = threading.Thread(target=lambda: found.append(action()), daemon=True)
    thread.start()
    return thread, found


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def counts(monitoring: Monitoring) -> dict:
    families = {family.name: family for family in text_string_to_metric_families(monitoring.format_page())}
    requests = families[":tensorflow:serving:request_count"].samples
    return {(sample.labels["model_name"], sample.labels["status"]): sample.value for sample in requests}


# The application


def test_an_answer(client):
    response = client.post(PREDICT, content=QUESTION)
    assert (response.status_code, response.json()) == (200, ANSWER)
    assert response.headers["content-type"] == "application/json"
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("CANCELLED", 499),
        ("UNKNOWN", 500),
        ("INVALID_ARGUMENT", 400),
        ("DEADLINE_EXCEEDED", 504),
        ("NOT_FOUND", 404),
        ("ALREADY_EXISTS", 409),
        ("PERMISSION_DENIED", 403),
        ("UNAUTHENTICATED", 401),
        ("RESOURCE_EXHAUSTED", 429),
        ("FAILED_PRECONDITION", 400),
        ("ABORTED", 409),
        ("OUT_OF_RANGE", 400),
        ("UNIMPLEMENTED", 501),
        ("INTERNAL", 500),
        ("UNAVAILABLE", 503),
        ("DATA_LOSS", 500),
    ],
)
def test_codes(client, monitoring, code, status):
    response = client.get(f"/v1/models/{code}")
    assert (response.status_code, response.json()) == (status, {"error": "told so"})
    assert response.headers["content-type"] == "application/json"
    assert counts(monitoring) == {(code, code): 1}


def test_every_code_has_a_status_and_is_read_back():
    assert set(codes.HTTP_STATUSES) == {code.name for code in grpc.StatusCode} - {"OK"}
    shared = {400: "INVALID_ARGUMENT", 409: "ABORTED", 500: "INTERNAL"}
    assert {status: codes.CODES[status] for status in shared} == shared
    assert (codes.CODES[404], codes.CODES[503], codes.CODES[412]) == ("NOT_FOUND", "UNAVAILABLE", "FAILED_PRECONDITION")


@pytest.mark.parametrize(
    ("method", "url", "status", "error"),
    [
        ("GET", PREDICT, 400, f"Malformed request: GET {PREDICT}"),
        ("PUT", PREDICT, 400, f"Malformed request: PUT {PREDICT}"),
        ("OPTIONS", PREDICT, 400, f"Malformed request: OPTIONS {PREDICT}"),
        ("POST", f"{PREDICT}?a=1", 400, f"Malformed request: POST {PREDICT}?a=1"),
        ("POST", "/v1/", 400, "Malformed request: POST /v1/"),
        ("GET", "/V1/nothing", 400, "Malformed request: GET /V1/nothing"),
        ("GET", "/v1", 404, "Not found: /v1"),
        ("GET", f"/v1/models/half/versions/{'9' * 5000}", 400, f"Failed to convert version: {'9' * 5000} to numeric."),
        ("POST", "/v2/models/half:predict", 404, "Not found: /v2/models/half:predict"),
        ("GET", "/", 404, "Not found: /"),
        ("GET", "/monitoring", 404, "Not found: /monitoring"),
    ],
)
def test_urls_that_lead_nowhere(client, method, url, status, error):
    response = client.request(method, url)
    assert (response.status_code, response.json()) == (status, {"error": error})


def test_a_body_that_is_no_json(client):
    response = client.post(PREDICT, content=b"x")
    assert (response.status_code, response.json()) == (400, {"error": "JSON Parse error: Invalid value. at offset: 0"})
    response = client.post(PREDICT)
    assert (response.status_code, response.json()) == (400, {"error": "JSON Parse error: The document is empty"})


def test_a_mistake_of_ours_is_an_answer_too(client, monitoring, caplog):
    response = client.get("/v1/models/broken")
    assert (response.status_code, response.json()) == (500, {"error": "KeyError in the server"})
    assert counts(monitoring) == {("broken", "INTERNAL"): 1}
    assert "a mistake of ours" in caplog.text


def test_requests_are_counted_as_tensorflow_serving_counts_them(client, monitoring):
    client.post(PREDICT, content=QUESTION)
    client.get("/v1/models/half")
    client.post(PREDICT, content=b"")
    client.post("/v1/nothing")
    assert counts(monitoring) == {("half", "OK"): 2, ("half", "INVALID_ARGUMENT"): 1, ("", "INVALID_ARGUMENT"): 1}
    text = monitoring.format_page()
    latency = ":tensorflow:serving:request_latency_count"
    assert f'{latency}{{model_name="half",API="predict",entrypoint="REST"}} 1\n' in text
    assert f'{latency}{{model_name="half",API="",entrypoint="REST"}} 1\n' in text


def test_the_page_for_prometheus(client, monitoring):
    client.get("/v1/models/half")
    page = client.get(METRICS)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert ':tensorflow:serving:request_count{model_name="half",status="OK"} 1\n' in page.text
    assert counts(monitoring) == {("half", "OK"): 1}  # the page itself is not counted


@pytest.mark.parametrize("path", [None, ""])
def test_without_the_page(handlers, monitoring, path):
    app = rest.App(handlers, monitoring, threads=1, timeout_ms=0, monitoring_path=path)
    assert Client(app).get(METRICS).status_code == 404
    app.close()


def test_other_origins(handlers, monitoring):
    app = rest.App(handlers, monitoring, threads=1, timeout_ms=0, cors=True)
    client = Client(app)
    origin = {"origin": "http://page"}
    asks = {**origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = client.request("OPTIONS", PREDICT, headers=asks)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-methods"] == "POST, GET, DELETE"
    assert "Content-Type" in preflight.headers["access-control-allow-headers"].split(", ")
    answer = client.post(PREDICT, content=QUESTION, headers=origin)
    assert answer.json() == ANSWER
    for response in (preflight, answer, client.request("GET", "/v1/nothing", headers=origin)):
        assert response.headers["access-control-allow-origin"] == "*"
    assert (
        client.request("OPTIONS", PREDICT, headers={**asks, "access-control-request-method": "PUT"}).status_code == 400
    )
    app.close()


def test_gzip(client):
    packed = client.post(PREDICT, content=gzip.compress(QUESTION), headers={"content-encoding": "gzip"})
    assert (packed.status_code, packed.json()) == (200, ANSWER)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (QUESTION, 400, "Failed to uncompress the gzipped body: Error -3"),
        (gzip.compress(QUESTION)[:-12], 400, "Failed to uncompress the gzipped body: it is cut off"),
        (gzip.compress(b" " * 5000), 413, "The request unpacks to more than 1000 bytes, the most taken"),
    ],
)
def test_gzip_that_is_none(client, monkeypatch, body, status, error):
    monkeypatch.setattr(rest, "MAX_BODY_BYTES", 1000)
    response = client.post(PREDICT, content=body, headers={"content-encoding": "gzip"})
    assert response.status_code == status
    assert response.json()["error"].startswith(error)


async def chunks():
    for _ in range(4):
        yield b" " * 400


def test_bodies_that_are_too_large(client, monkeypatch, monitoring):
    monkeypatch.setattr(rest, "MAX_BODY_BYTES", 1000)
    fits = client.post(PREDICT, content=QUESTION + b" " * (1000 - len(QUESTION)))
    assert fits.status_code == 200
    announced = client.post(PREDICT, content=b" " * 1001)
    chunked = client.post(PREDICT, content=chunks())
    for response in (announced, chunked):
        assert response.status_code == 413
        assert response.json() == {"error": "The request is more than 1000 bytes, the most taken"}
    assert counts(monitoring)[("", "OUT_OF_RANGE")] == 2


def test_bodies_are_held_within_a_budget_of_bytes(server, handlers, monkeypatch):
    monkeypatch.setattr(rest, "MAX_HELD_BYTES", 1000)
    padded = QUESTION + b" " * (600 - len(QUESTION))
    asking, answers = in_thread(lambda: post(server, "/v1/models/slow:predict", padded))
    assert handlers.begun.wait(20)
    refused = (429, {"error": "The server holds 1000 bytes of requests, the most taken at once"})
    assert post(server, body=padded) == refused
    assert post(server) == (200, ANSWER)
    handlers.let_go.set()
    asking.join(20)
    assert answers == [(200, ANSWER)]
    assert post(server, body=padded) == (200, ANSWER)  # what was answered or refused is not held any more


def test_large_bodies_do_not_take_the_threads_of_the_others(server, handlers, monkeypatch):
    monkeypatch.setattr(rest, "LARGE_BODY_BYTES", 100)
    large = QUESTION + b" " * 100
    asking = [
        in_thread(lambda: post(server, "/v1/models/slow:predict", large)) for _ in range(3)
    ]  # one more than threads
    assert handlers.begun.wait(20)
    assert post(server) == (200, ANSWER)
    assert len(handlers.timeouts) == 2  # of the large ones one has begun
    handlers.let_go.set()
    for thread, answers in asking:
        thread.join(20)
        assert answers == [(200, ANSWER)]


def test_a_late_answer(handlers, monitoring):
    app = rest.App(handlers, monitoring, threads=1, timeout_ms=500)
    client = Client(app)
    response = client.post("/v1/models/slow:predict", content=QUESTION)
    assert (response.status_code, response.json()) == (504, {"error": "No answer within 0.5 seconds"})
    # the one thread is still taken: what waits for it is given up as well, and never begun
    waiting = client.post(PREDICT, content=QUESTION)
    assert (waiting.status_code, len(handlers.timeouts)) == (504, 1)
    assert not handlers.let_go.is_set()
    assert counts(monitoring) == {("slow", "DEADLINE_EXCEEDED"): 1, ("half", "DEADLINE_EXCEEDED"): 1}
    handlers.let_go.set()
    app._timeout_s = 60.0  # the answer comes, however busy the machine is
    assert client.post(PREDICT, content=QUESTION).json() == ANSWER
    assert 0 < handlers.timeouts[0] <= 0.5 < handlers.timeouts[1] <= 60
    app.close()


def test_no_timeout(handlers, monitoring):
    app = rest.App(handlers, monitoring, threads=1, timeout_ms=0)
    assert Client(app).post(PREDICT, content=QUESTION).status_code == 200
    assert handlers.timeouts == [None]
    app.close()


# A server


def test_a_connection_is_kept(server):
    connection = http.client.HTTPConnection("localhost", server.port, timeout=20)
    with contextlib.closing(connection):
        for _ in range(3):
            connection.request("POST", PREDICT, QUESTION)
            assert json.loads(connection.getresponse().read()) == ANSWER
            mine = connection.sock.getsockname()
        connection.request("GET", METRICS)
        assert b"# TYPE" in connection.getresponse().read()
        assert connection.sock.getsockname() == mine


def test_no_answer_waits_in_the_socket(server):
    with connect(server) as connection:
        connection.sendall(b"GET /v1/models/half HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(1)
        (mine,) = server._server.server_state.connections
        kept = mine.transport.get_extra_info("socket")
        assert kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_addresses_of_ipv6(server):
    with socket.create_connection(("::1", server.port), timeout=20) as connection:
        connection.sendall(b"GET /v1/models/half HTTP/1.0\r\n\r\n")
        assert b'"AVAILABLE"' in read_all(connection)


def test_other_addresses_of_this_machine_are_not_let_in(handlers, monitoring):
    server = rest.Server(rest.App(handlers, monitoring, threads=1, timeout_ms=0), 0)
    assert post(server) == (200, ANSWER)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", server.port), timeout=20)
    server.stop(5)


def test_probes_and_prometheus_do_not_wait_behind_inference(server, handlers):
    asking = [in_thread(lambda: post(server, "/v1/models/slow:predict")) for _ in range(3)]  # and there are 2 threads
    assert handlers.begun.wait(20)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        for url, expected in (("/v1/models/half", b'"AVAILABLE"'), (METRICS, b"# TYPE")):
            connection.request("GET", url)
            assert expected in connection.getresponse().read()
    assert all(thread.is_alive() for thread, _ in asking)
    handlers.let_go.set()
    for thread, answers in asking:
        thread.join(20)
        assert answers == [(200, ANSWER)]


def test_a_port_that_is_taken(server, handlers, monitoring):
    with pytest.raises(OSError, match="Address already in use"):
        rest.Server(rest.App(handlers, monitoring, threads=1, timeout_ms=0), server.port)


def test_a_client_that_closes_its_side_is_answered(server, handlers):
    with connect(server) as connection:
        connection.sendall(b"POST /v1/models/slow:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 25\r\n\r\n" + QUESTION)
        connection.shutdown(socket.SHUT_WR)
        assert handlers.begun.wait(20)
        handlers.let_go.set()
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body) == ANSWER


@pytest.mark.parametrize("sent", [b"", b"POST /v1/mod", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc"])
def test_a_client_that_closes_its_side_too_early_is_let_go(server, sent):
    with connect(server) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"200" not in read_all(connection)
    assert post(server) == (200, ANSWER)


@contextlib.contextmanager
def connect_stopped_clients(server: rest.Server):
    """Connect one that sends nothing, one that stops in the head and one that stops in the body."""
    head = b"POST /v1/models/half:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 25\r\n\r\n"
    with connect(server) as silent, connect(server) as cut, connect(server) as bodyless:
        cut.sendall(head[:30])
        bodyless.sendall(head + QUESTION[:5])
        yield silent, cut, bodyless


def test_clients_that_stop_do_not_keep_others_waiting(server):
    with connect_stopped_clients(server):
        for _ in range(5):  # more than there are threads
            assert post(server) == (200, ANSWER)


def test_clients_that_stop_are_let_go(server, monkeypatch):
    monkeypatch.setattr(rest, "PATIENCE_S", 1.0)
    with connect_stopped_clients(server) as (silent, cut, bodyless):
        assert b"HTTP/1.1 408 " in bodyless.recv(65536)
        assert read_all(silent) == read_all(cut) == b""


def test_a_client_that_keeps_a_connection_must_ask_again(server, monkeypatch):
    monkeypatch.setattr(rest, "PATIENCE_S", 0.5)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", "/v1/models/half")
        assert b"AVAILABLE" in connection.getresponse().read()
        connection.sock.sendall(b"GET /v1/mod")  # and no more
        assert read_all(connection.sock) == b""


@pytest.fixture
def ask_for_much(handlers, monkeypatch):
    """Return `ask(connection, patience_s)`, which asks for LARGE bytes that are waited for from then on."""

    def ask(connection: socket.socket, patience_s: float) -> None:
        connection.sendall(
            b"POST /v1/models/large:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 25\r\n\r\n" + QUESTION
        )
        assert handlers.begun.wait(20)
        monkeypatch.setattr(rest, "PATIENCE_S", patience_s)
        handlers.let_go.set()
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")

    return ask


def test_a_client_that_does_not_read_is_let_go(server, ask_for_much):
    with connect(server) as connection:
        ask_for_much(connection, 0.3)
        deadline = time.monotonic() + 20
        while server._server.server_state.connections:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_client_that_reads_slowly_is_not(server, ask_for_much):
    with connect(server) as connection:
        ask_for_much(connection, 2.0)
        came = 0
        begin = time.monotonic()
        while came < LARGE:
            part = connection.recv(4 << 20, socket.MSG_WAITALL)
            assert part, f"ended after {came} bytes"
            came += len(part)
            time.sleep(0.3)
        assert time.monotonic() - begin > 2.0


def test_what_is_no_http(server):
    with connect(server) as connection:
        connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 400 ")
    assert post(server) == (200, ANSWER)


def test_a_client_that_waits_to_be_told_to_send(server):
    with connect(server) as connection:
        connection.sendall(
            b"POST /v1/models/half:predict HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            b"expect: 100-continue\r\ncontent-length: 25\r\n\r\n"
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(QUESTION)
        assert json.loads(read_all(connection).partition(b"\r\n\r\n")[2]) == ANSWER


def test_a_large_body_and_answer(server):
    values = [float(value) for value in range(300_000)]
    body = json.dumps({"instances": values}).encode()
    status, answer = post(server, body=body)
    assert (status, answer["predictions"]) == (200, [value / 2 + 2 for value in values])


def test_what_was_begun_is_answered_before_the_end(handlers, monitoring):
    server = rest.Server(rest.App(handlers, monitoring, threads=1, timeout_ms=30_000), 0)
    asking, answers = in_thread(lambda: post(server, "/v1/models/slow:predict"))
    assert handlers.begun.wait(20)
    with connect(server) as idle:
        idle.sendall(b"GET /v1/models/half HTTP/1.1\r\nhost: x\r\n\r\n")
        stopping, _ = in_thread(lambda: server.stop(20))
        wait_until_closed(server)
        assert stopping.is_alive()
        handlers.let_go.set()
        for thread in (asking, stopping):
            thread.join(20)
            assert not thread.is_alive()
    assert answers == [(200, ANSWER)]


def test_what_does_not_end_is_given_up(handlers, monitoring):
    server = rest.Server(rest.App(handlers, monitoring, threads=1, timeout_ms=0), 0)
    asking, answers = in_thread(lambda: post(server, "/v1/models/slow:predict"))
    assert handlers.begun.wait(20)
    begin = time.monotonic()
    server.stop(0.5)
    assert 0.5 <= time.monotonic() - begin < 10
    asking.join(20)
    assert answers == [(503, {"error": "The server has stopped"})]
