"""The last of the trial: the embedded server serves the export, and clients get over gRPC and REST what it answers."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from tfx_ocr.components.infra_validator.trial import build_requests, compare
from tfx_ocr.components.recipe import Input
from tfx_ocr.serving import messages
from tfx_ocr.serving.client import Client, connect
from tfx_ocr.serving.model_server import config, rest
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.flags import Flags
from tfx_ocr.serving.model_server.grpc_server import GrpcServer
from tfx_ocr.serving.model_server.handlers import Handlers
from tfx_ocr.serving.model_server.inference import Inference
from tfx_ocr.serving.model_server.loader import Loader
from tfx_ocr.serving.model_server.manager import Manager, Policy
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.runtimes.runtime import Runtime

MODEL = "trial"
TIMEOUT_S = 120.0  # of a request: on a busy machine a large network takes long over many records
DRAIN_S = 5.0


def try_served(model: Runtime, records: Sequence[tf.train.Example], spec: Input) -> None:
    """Ask every signature about `records`, together and one alone, over gRPC and over REST.

    Args:
        model: loaded, and sound by `try_export`: what is served is loaded anew from its folder, and must answer alike.
        records: as ExampleGen wrote them.
        spec: the recipe's `input`.

    Raises:
        ValueError: the server does not load it, refuses a question or answers another way; the sentence says which.
    """
    with serve_export(model.path) as clients:
        for asked in (records, records[:1]):
            for signature, inputs in build_requests(asked, spec, model.signatures).items():
                expected = model.ask(signature, inputs)
                for way, client in clients.items():
                    try:
                        answers = client.ask(signature, inputs)
                    except ValueError as error:
                        raise ValueError(f"{signature} over {way} gives no answer: {error}") from error
                    compare(signature, expected, f"{signature} over {way}", answers)


@contextlib.contextmanager
def serve_export(path: str | os.PathLike[str]) -> Iterator[Mapping[str, Client]]:
    """Serve the SavedModel in `path` in this process, until the block ends.

    gRPC listens on a socket in a folder of its own, REST on a free port: two runs on one machine do not meet.

    Returns:
        Clients of it: `gRPC` and `REST`.

    Raises:
        ValueError: it cannot be loaded.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "1").symlink_to(Path(path).absolute(), target_is_directory=True)
        monitoring, inference = Monitoring(), Inference()
        load = Loader(flags=Flags(), inference=inference, monitoring=monitoring)
        manager = Manager(load, Policy(max_num_load_retries=0))
        stack.callback(manager.reload, _nothing())
        try:
            manager.reload(config.configure_model(MODEL, str(folder)))
        except ServingError as error:
            raise ValueError(f"{path} is not loaded by the embedded server: {error.message}") from error
        handlers = Handlers(manager, inference, monitoring)
        socket = folder / "grpc.sock"
        grpc_server = GrpcServer(handlers, monitoring, port=0, socket_path=str(socket))
        stack.callback(grpc_server.drain, DRAIN_S)
        rest_server = rest.Server(rest.App(handlers, monitoring, threads=1, timeout_ms=0), port=0)
        stack.callback(rest_server.stop, DRAIN_S)
        addresses = {"gRPC": f"unix:{socket}", "REST": f"http://127.0.0.1:{rest_server.port}"}
        yield {
            way: stack.enter_context(connect(address, MODEL, timeout_s=TIMEOUT_S)) for way, address in addresses.items()
        }


def _nothing() -> messages.ModelServerConfig:
    """The configuration that has what is served let go."""
    nothing = messages.ModelServerConfig()
    nothing.model_config_list.SetInParent()
    return nothing
