"""gRPC: PredictionService, ModelService and health, thin over the handlers."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from tfx_ocr.serving.model_server.config import SSLConfig
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.handlers import Handlers
from tfx_ocr.serving.model_server.monitoring import Monitoring

ENTRYPOINT = "GRPC"
MAX_MESSAGE = 2**31 - 1  # bytes; TensorFlow Serving's: there is no limit of its own
# Of health: the server as a whole, and its services by their full names.
SERVICES = ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService")

log = logging.getLogger(__name__)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]
    """Carries PredictionService to the handlers."""

    def __init__(self, handlers: Handlers, monitoring: Monitoring):
        self._handlers = handlers
        self._monitoring = monitoring

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """As `Handlers.predict`."""
        return _answer(self._monitoring, "Predict", self._handlers.predict, request, context)

    def Classify(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """As `Handlers.classify`."""
        return _answer(self._monitoring, "Classify", self._handlers.classify, request, context)

    def Regress(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """As `Handlers.regress`."""
        return _answer(self._monitoring, "Regress", self._handlers.regress, request, context)

    def MultiInference(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """As `Handlers.multi_inference`."""
        return _answer(self._monitoring, "MultiInference", self._handlers.multi_inference, request, context)

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """As `Handlers.get_model_metadata`."""
        handler = _without_timeout(self._handlers.get_model_metadata)
        return _answer(self._monitoring, "GetModelMetadata", handler, request, context)


class ModelService(model_service_pb2_grpc.ModelServiceServicer):  # type: ignore[misc]
    """Carries ModelService to the handlers."""

    def __init__(self, handlers: Handlers, monitoring: Monitoring):
        self._handlers = handlers
        self._monitoring = monitoring

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """As `Handlers.get_model_status`."""
        handler = _without_timeout(self._handlers.get_model_status)
        return _answer(self._monitoring, "GetModelStatus", handler, request, context)

    def HandleReloadConfigRequest(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """As `Handlers.handle_reload_config`."""
        handler = _without_timeout(self._handlers.handle_reload_config)
        return _answer(self._monitoring, "HandleReloadConfigRequest", handler, request, context)


class GrpcServer:
    """A started server.

    Attributes:
        port: it listens on; 0: on its socket alone.
    """

    def __init__(
        self,
        handlers: Handlers,
        monitoring: Monitoring,
        port: int,
        socket_path: str = "",
        max_threads: int = 64,
        channel_arguments: str = "",
        ssl: SSLConfig | None = None,
        extra: Sequence[grpc.GenericRpcHandler] = (),
    ):
        """Start to listen.

        Args:
            handlers: what answers.
            monitoring: told of every request.
            port: of all addresses; 0: none.
            socket_path: Unix domain socket; "": none.
            max_threads: requests worked on at once; more wait.
            channel_arguments: `key=value,key=value`.
            ssl: TLS of the port; None: plain.
            extra: services beside.

        Raises:
            ValueError: the port or the socket cannot be had, or an argument is not `key=value`.
        """
        pool = concurrent.futures.ThreadPoolExecutor(max_threads, thread_name_prefix="grpc")
        self._server = grpc.server(pool, handlers=extra, options=_options(channel_arguments))
        self._health = health.HealthServicer()
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            PredictionService(handlers, monitoring), self._server
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(handlers, monitoring), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.port = self._listen(f"0.0.0.0:{port}", ssl) if port else 0
        if socket_path:
            self._listen(f"unix:{socket_path}", None)
        self._server.start()
        for service in SERVICES:
            self._health.set(service, health_pb2.HealthCheckResponse.SERVING)

    def drain(self, grace_s: float) -> None:
        """Say NOT_SERVING, take no new request, and end those begun, at most `grace_s`."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_s).wait()

    def _listen(self, address: str, ssl: SSLConfig | None) -> int:
        try:
            if ssl is None:
                bound = self._server.add_insecure_port(address)
            else:
                pair = (ssl.server_key.encode(), ssl.server_cert.encode())
                credentials = grpc.ssl_server_credentials(
                    [pair], ssl.custom_ca.encode() or None, require_client_auth=ssl.client_verify
                )
                bound = self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise ValueError(f"gRPC cannot listen on {address}: {error}") from None
        if not bound:
            raise ValueError(f"gRPC cannot listen on {address}: it is taken, or not allowed")
        return bound


def _options(channel_arguments: str) -> list[tuple[str, int | str]]:
    """Options of the gRPC server: a number where the text is one."""
    options: dict[str, int | str] = {
        "grpc.max_receive_message_length": MAX_MESSAGE,
        "grpc.max_send_message_length": MAX_MESSAGE,
        "grpc.so_reuseport": 0,  # a port that another server has is refused
    }
    for argument in filter(None, channel_arguments.split(",")):
        key, equals, text = argument.partition("=")
        if not equals or not key:
            raise ValueError(f"--grpc_channel_arguments: {argument!r} is not key=value")
        options[key] = text
        with contextlib.suppress(ValueError):
            options[key] = int(text)
    return list(options.items())


def _without_timeout(handler: Callable[[Any], Any]) -> Callable[[Any, float | None], Any]:
    return lambda request, _: handler(request)


def _answer(
    monitoring: Monitoring,
    api: str,
    handler: Callable[[Any, float | None], Any],
    request: Any,
    context: grpc.ServicerContext,
) -> Any:
    begin = time.monotonic()
    status = grpc.StatusCode.OK
    try:
        return handler(request, _left(context))
    except ServingError as error:
        status, message = error.code, error.message
    except Exception as error:  # a client gets an answer, whatever it is
        log.exception("%s failed", api)
        status, message = grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}"
    finally:
        monitoring.request(api, ENTRYPOINT, _model(request), status.name, time.monotonic() - begin)
    return context.abort(status, message)


def _left(context: grpc.ServicerContext) -> float | None:
    """Seconds until the caller's deadline; None: there is none."""
    left = context.time_remaining()
    return None if left is None or left > 1e8 else max(left, 1e-3)


def _model(request: Any) -> str:
    specs: Sequence[Any] = [task.model_spec for task in getattr(request, "tasks", ())]
    if hasattr(request, "model_spec"):
        specs = [request.model_spec]
    return specs[0].name if specs else ""
