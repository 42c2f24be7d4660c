"""gRPC: PredictionService, ModelService and health, thin over the handlers."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tfx_ocr.serving import messages
from tfx_ocr.serving.model_server.config import SSLConfig
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.flags import LOOPBACK
from tfx_ocr.serving.model_server.handlers import Handlers
from tfx_ocr.serving.model_server.monitoring import Monitoring

ENTRYPOINT = "GRPC"
MAX_MESSAGE = 2**31 - 1  # bytes, as TensorFlow Serving: its own limit is gRPC's largest
# Method to the handler that answers; those of `TIMED` keep the caller's deadline.
HANDLERS = {
    "Predict": "predict",
    "Classify": "classify",
    "Regress": "regress",
    "MultiInference": "multi_inference",
    "GetModelMetadata": "get_model_metadata",
    "GetModelStatus": "get_model_status",
    "HandleReloadConfigRequest": "handle_reload_config",
}
TIMED = ("Predict", "Classify", "Regress", "MultiInference")
# A server that stops first refuses requests until none has come for QUIET_S, at most for REFUSING_S.
QUIET_S, REFUSING_S = 0.5, 5.0

log = logging.getLogger(__name__)


class Services(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Carries requests to the handlers.

    Attributes:
        is_draining: refuse what arrives from now on.
        last_arrival: `time.monotonic()` of the last request.
    """

    def __init__(self, handlers: Handlers, monitoring: Monitoring):
        self.is_draining = False
        self.last_arrival = 0.0
        self._monitoring = monitoring
        self._methods = {
            method.path: grpc.unary_unary_rpc_method_handler(
                functools.partial(self._answer, name, getattr(handlers, HANDLERS[name])),
                request_deserializer=method.request.FromString,
                response_serializer=method.response.SerializeToString,
            )
            for name, method in messages.list_methods().items()
        }

    def service(self, details: Any) -> Any:
        """Return what handles a request that has just arrived, None where it is another service's."""
        self.last_arrival = time.monotonic()
        method = self._methods.get(details.method)
        return grpc.unary_unary_rpc_method_handler(_refuse) if method and self.is_draining else method

    def _answer(self, api: str, handler: Callable[..., Any], request: Any, context: grpc.ServicerContext) -> Any:
        begin = time.monotonic()
        status = grpc.StatusCode.OK
        try:
            return handler(request, _get_left(context)) if api in TIMED else handler(request)
        except ServingError as error:
            status, message = error.code, error.message
        except Exception as error:  # a client gets an answer, whatever it is
            log.exception("%s failed", api)
            status, message = grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}"
        finally:
            seconds = time.monotonic() - begin
            self._monitoring.count_request(api, ENTRYPOINT, _get_model(request), status.name, seconds)
        return context.abort(status, message)


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
        bind: str = LOOPBACK,
        socket_path: str = "",
        max_threads: int = 64,
        channel_arguments: str = "",
        ssl: SSLConfig | None = None,
        extra: Sequence[grpc.GenericRpcHandler] = (),
    ):
        """Start to listen.

        Args:
            handlers: answer the requests.
            monitoring: counts them.
            port: to listen on; 0: none.
            bind: IP address to listen on; 0.0.0.0 or ::, all.
            socket_path: Unix domain socket; "": none.
            max_threads: requests worked on at once; more wait.
            channel_arguments: `key=value,key=value`.
            ssl: TLS of the port; None: plain.
            extra: services beside.

        Raises:
            ValueError: the port or the socket cannot be had, or an argument is not `key=value`.
        """
        pool = concurrent.futures.ThreadPoolExecutor(max_threads, thread_name_prefix="grpc")
        self._services = Services(handlers, monitoring)
        self._server = grpc.server(pool, [self._services, *extra], options=_options(channel_arguments))
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.port = self._listen(f"[{bind}]:{port}" if ":" in bind else f"{bind}:{port}", ssl) if port else 0
        if socket_path:
            self._listen(f"unix:{socket_path}", None)
        self._server.start()
        self._health.set("", health_pb2.HealthCheckResponse.SERVING)  # the server as a whole
        for service in messages.SERVICES:
            self._health.set(f"{messages.PACKAGE}.{service}", health_pb2.HealthCheckResponse.SERVING)

    def drain(self, grace_s: float) -> None:
        """Say NOT_SERVING, refuse new requests as UNAVAILABLE, and give those begun `grace_s` seconds to end.

        gRPC cancels what reaches a server while it shuts down, so that begins when clients have heard and gone.
        """
        self._health.enter_graceful_shutdown()
        self._services.is_draining = True
        begin = now = time.monotonic()
        while now < min(max(begin, self._services.last_arrival) + QUIET_S, begin + min(grace_s, REFUSING_S)):
            time.sleep(0.02)
            now = time.monotonic()
        self._server.stop(max(grace_s - (now - begin), 0)).wait()

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


def _refuse(_: bytes, context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.UNAVAILABLE, "The server is stopping")


def _get_left(context: grpc.ServicerContext) -> float | None:
    """Return the seconds until the caller's deadline; None: without one."""
    left = context.time_remaining()
    return None if left is None or left > 1e8 else max(left, 1e-3)


def _get_model(request: Any) -> str:
    specs: Sequence[Any] = [task.model_spec for task in getattr(request, "tasks", ())]
    if hasattr(request, "model_spec"):
        specs = [request.model_spec]
    return specs[0].name if specs else ""
