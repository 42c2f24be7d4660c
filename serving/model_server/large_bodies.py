"""Read a large JSON body in a process of its own: here it would hold every thread up, and keep the memory it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

import grpc

from tfx_ocr.serving import messages
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.rest_api import REQUESTS, Signatures, read_request

# More bytes or values than these take long enough to read to keep others waiting
MANY_BYTES, MANY_VALUES = 16 << 20, 200_000
NICENESS = 10  # those who ask for less go first

_one = threading.Lock()  # a body takes twenty times its size while it is read


def is_slow(body: bytes) -> bool:
    """Return whether reading the body would hold the other threads up; a picture of some megabytes would not."""
    return len(body) > MANY_BYTES or body.count(b",") > MANY_VALUES


def read_apart(
    what: str, body: bytes, get_signatures: Callable[[], Signatures], timeout_s: float | None = None
) -> tuple[Any, bool]:
    """Read a request as `rest_api.read_request` does, one at a time.

    Raises:
        ServingError: what that raises; DEADLINE_EXCEEDED after `timeout_s`; INTERNAL: the process was killed.
    """
    begin = time.monotonic()
    signatures = get_signatures() if what == "predict" else {}
    if not _one.acquire(timeout=-1 if timeout_s is None else timeout_s):
        raise _build_timeout_error()
    try:
        with _open_memory() as given, _open_memory() as taken:
            given.write(json.dumps([what, signatures]).encode() + b"\n")
            given.write(body)
            given.seek(0)
            left = None if timeout_s is None else max(timeout_s - (time.monotonic() - begin), 0)
            command = [sys.executable, "-P", "-m", __name__]
            code = subprocess.run(command, stdin=given, stdout=taken, timeout=left, check=False).returncode
            if code:
                raise ServingError(grpc.StatusCode.INTERNAL, f"The process that read the body ended with status {code}")
            taken.seek(0)
            error, by_row = json.loads(taken.readline())
            message = taken.read()
    except subprocess.TimeoutExpired:
        raise _build_timeout_error() from None
    finally:
        _one.release()
    if error:
        name, text, http_status = error
        raise ServingError(grpc.StatusCode[name], text, http_status)
    return getattr(messages, REQUESTS[what]).FromString(message), by_row


def main() -> None:
    """Read the request on standard input, write it as a protobuf message to standard output."""
    os.nice(NICENESS)
    what, signatures = json.loads(sys.stdin.buffer.readline())
    error, message, by_row = None, b"", False
    try:
        request, by_row = read_request(what, sys.stdin.buffer.read(), lambda: signatures)
        message = request.SerializeToString()
    except ServingError as refused:
        error = [refused.code.name, refused.message, refused.http_status]
    sys.stdout.buffer.write(json.dumps([error, by_row]).encode() + b"\n")
    sys.stdout.buffer.write(message)


def _open_memory() -> BinaryIO:
    """Open a file in memory, which needs no folder that can be written."""
    return os.fdopen(os.memfd_create("body"), "w+b")


def _build_timeout_error() -> ServingError:
    return ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "The body could not be read in time")


if __name__ == "__main__":
    main()
