"""The health check, by the shell that the images have, of a server that answers what a test says."""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "serving/docker/healthy.sh"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        status, state = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'{"model_version_status": [{"version": "1", "state": "%s"}]}' % state)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def server(status, state):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as it:
        it.answer, it.asked = (status, state), []
        threading.Thread(target=it.serve_forever, args=(0.01,), daemon=True).start()
        yield it
        it.shutdown()


def healthy(port):
    environment = {**os.environ, "MODEL_NAME": "digits", "REST_PORT": str(port)}
    return subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, timeout=20, check=False).returncode


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [(200, b"AVAILABLE", 0), (200, b"LOADING", 1), (404, b"", 1)],
    ids=["available", "loading", "unknown"],
)
def test_healthy_is_an_available_version(status, state, code):
    with server(status, state) as it:
        assert healthy(it.server_port) == code
        assert it.asked == ["/v1/models/digits"]


def test_nobody_there_is_not_healthy():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    assert healthy(port) == 1
