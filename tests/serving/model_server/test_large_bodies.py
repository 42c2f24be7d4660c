"""A large body is read in a process of its own, with the same results and errors as a small one."""

import json
import subprocess
import threading
import time

import grpc
import pytest

from tfx_ocr.serving import dtypes
from tfx_ocr.serving.model_server import large_bodies
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.rest_api import read_request

SIGNATURES = {"serving_default": {"x": dtypes.DT_FLOAT}, "texts": {"s_bytes": dtypes.DT_STRING}}


def get_signatures():
    return SIGNATURES


@pytest.mark.parametrize(
    ("body", "is_slow"),
    [(b"a" * (16 << 20), False), (b"a" * (1 + (16 << 20)), True), (b"," * 200_000, False), (b"," * 200_001, True)],
    ids=["bytes", "more_bytes", "values", "more_values"],
)
def test_what_holds_others_up_is_many_bytes_or_many_values(body, is_slow):
    assert large_bodies.is_slow(body) is is_slow


@pytest.mark.parametrize(
    ("what", "document"),
    [
        ("predict", {"instances": [[1.5, 2.0]] * 1000}),
        ("predict", {"inputs": {"x": [1, 2, 3]}}),
        ("predict", {"signature_name": "texts", "instances": [{"b64": "AAH/"}]}),
        ("classify", {"signature_name": "texts", "examples": [{"x": 1.0}]}),
        ("regress", {"context": {"y": ["a"]}, "examples": [{"x": 1}, {"x": 2}]}),
    ],
    ids=["rows", "columns", "bytes", "classify", "regress"],
)
def test_the_request_is_that_of_the_same_process(what, document):
    body = json.dumps(document).encode()
    expected, by_row = read_request(what, body, get_signatures)
    found, found_by_row = large_bodies.read_apart(what, body, get_signatures, 60)
    assert (found, found_by_row) == (expected, by_row)
    assert found.SerializeToString()


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"instances": ["a"]}', b'{"signature_name": "none", "instances": [1]}'],
    ids=["cut", "type", "name"],
)
def test_an_error_is_that_of_the_same_process(body):
    with pytest.raises(ServingError) as expected:
        read_request("predict", body, get_signatures)
    with pytest.raises(ServingError) as found:
        large_bodies.read_apart("predict", body, get_signatures)
    for field in ("code", "message", "http_status"):
        assert getattr(found.value, field) == getattr(expected.value, field)


def test_it_ends_when_the_time_is_over():
    begin = time.monotonic()
    with pytest.raises(ServingError) as late:
        large_bodies.read_apart("predict", b"[" * 1000, get_signatures, 0.01)
    assert late.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - begin < 20


def test_one_body_is_read_at_a_time_and_the_next_waits_no_longer_than_its_time(monkeypatch):
    begun, over = threading.Event(), threading.Event()

    def run(command, stdin, stdout, timeout, check):
        begun.set()
        over.wait(20)
        return subprocess.CompletedProcess(command, -9)

    monkeypatch.setattr(large_bodies.subprocess, "run", run)
    killed = []

    def read():
        with pytest.raises(ServingError) as error:
            large_bodies.read_apart("predict", b"{}", get_signatures)
        killed.append((error.value.code, error.value.message))

    first = threading.Thread(target=read)
    first.start()
    assert begun.wait(20)
    with pytest.raises(ServingError) as late:
        large_bodies.read_apart("predict", b"{}", get_signatures, 0.05)
    assert late.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    over.set()
    first.join(20)
    assert killed == [(grpc.StatusCode.INTERNAL, "The process that read the body ended with status -9")]
