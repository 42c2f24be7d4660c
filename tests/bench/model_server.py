"""The embedded server for the benches, a process of its own, and what to ask it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import results

MODEL = "digits"
CLIENTS = 16
READY_S = 300.0
TIMEOUT_S = 60.0  # of a request
BATCHING = (
    "--enable_batching",
    f"--batching_parameters_file={results.ROOT / 'serving' / 'docker' / 'batching.config'}",
)  # as compose.yaml has it


@dataclasses.dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        process: itself.
        grpc: its address.
        rest: its address, with the scheme.
    """

    process: subprocess.Popen[bytes]
    grpc: str
    rest: str


@contextlib.contextmanager
def running(base_path: pathlib.Path, flags: Sequence[str] = BATCHING) -> Iterator[Running]:
    """Serve the versions in `base_path` as `digits`, from when the newest answers to the block's end.

    Args:
        base_path: folder of the versions.
        flags: of the server, beside ports and model.

    Raises:
        RuntimeError: it ends, or does not answer in time; what it said is in the message.
    """
    from tfx_ocr.serving.client import RequestError, connect

    grpc_port, rest_port = free_ports(2)
    command = [sys.executable, "-m", "tfx_ocr.serving.model_server", f"--port={grpc_port}"]
    command += [f"--rest_api_port={rest_port}", f"--model_name={MODEL}", f"--model_base_path={base_path}"]
    command += flags
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stderr=said, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
        server = Running(process, f"127.0.0.1:{grpc_port}", f"http://127.0.0.1:{rest_port}")
        try:
            end = time.monotonic() + READY_S
            with connect(server.rest, MODEL) as client:
                while True:
                    with contextlib.suppress(RequestError):
                        client.get_status()
                        break
                    if process.poll() is not None or time.monotonic() > end:
                        said.seek(0)
                        raise RuntimeError(f"the server does not answer:\n{said.read().decode(errors='replace')}")
                    time.sleep(0.2)
            yield server
        finally:
            process.terminate()
            process.wait(60)


def get_cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Return the seconds of processor time, user and system, that a process and those it started have used."""
    return sum(_read_cpu_ticks(pid) for pid in (process.pid, *_list_children(process.pid))) / os.sysconf("SC_CLK_TCK")


def _read_cpu_ticks(pid: int) -> int:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _list_children(pid: int) -> Iterator[int]:
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, file.read_text(encoding="ascii").split()):
            yield from (child, *_list_children(child))


def free_ports(count: int) -> list[int]:
    """Return free port numbers."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def pictures(folder: pathlib.Path) -> list[bytes]:
    """Return the sample's test pictures, encoded as they are sent; `folder` is where the sample is written."""
    from tfx_ocr.data.samples import get_sample

    return [path.read_bytes() for path in sorted(get_sample("digits")(folder).glob("test/*/*.png"))]


def predict_request(images: list[bytes], signature: str = "serve_images", name: str = "image_bytes") -> Any:
    """Build a PredictRequest for a batch of pictures, or of what else the signature takes under `name`."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = MODEL, signature
    request.inputs[name].CopyFrom(tf.make_tensor_proto(images))
    return request


@contextlib.contextmanager
def predict(address: str) -> Iterator[Callable[[Any], Any]]:
    """Call `Predict` over a channel of its own, as a client on another machine does, without retries."""
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    own = [("grpc.use_local_subchannel_pool", 1)]  # else all clients of a process share one connection
    with grpc.insecure_channel(address, options=own) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        yield lambda request: stub.Predict(request, timeout=TIMEOUT_S)
