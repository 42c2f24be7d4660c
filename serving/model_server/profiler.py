"""TensorFlow's ProfilerService on the server's own port, as TensorFlow Serving has it: for TensorBoard's profiles."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from typing import Any

import grpc

SERVICE = "/tensorflow.ProfilerService/"
MAX_MESSAGE = 2**31 - 1  # bytes; a profile is large


class Profiler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Passes requests on to TensorFlow's own service, which begins with the first and needs a port of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channel: Any = None

    def service(self, details: Any) -> Any:
        """Return what handles a call, None where it is another service's."""
        if not details.method.startswith(SERVICE):
            return None

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                return self._connect().unary_unary(details.method)(request, timeout=context.time_remaining())
            except grpc.RpcError as error:
                return context.abort(error.code(), error.details())
            except ImportError:
                return context.abort(grpc.StatusCode.UNIMPLEMENTED, "TensorFlow is not installed on this server")

        return grpc.unary_unary_rpc_method_handler(answer)

    def _connect(self) -> Any:
        import tensorflow  # its service profiles what TensorFlow runs

        with self._lock:
            if self._channel is None:
                with socket.socket() as free:
                    free.bind(("localhost", 0))
                    port = free.getsockname()[1]
                tensorflow.profiler.experimental.server.start(port)
                options = [("grpc.max_receive_message_length", MAX_MESSAGE)]
                self._channel = grpc.insecure_channel(f"localhost:{port}", options=options)
            return self._channel


def open_trace(name: str) -> contextlib.AbstractContextManager[Any]:
    """Return a context that a profile shows as `name`, where TensorFlow is loaded."""
    try:
        trace: contextlib.AbstractContextManager[Any] = sys.modules["tensorflow"].profiler.experimental.Trace(name)
    except (KeyError, AttributeError):  # another thread may be about to import it
        return contextlib.nullcontext()
    return trace
