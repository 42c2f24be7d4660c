"""The HTTP server of the REST API: reads requests, has them answered by threads, with TensorFlow Serving's codes."""

from __future__ import annotations

import asyncio
import concurrent.futures
import errno
import logging
import math
import re
import socket
import threading
import time
import zlib
from collections.abc import Mapping

import grpc
import uvicorn
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tfx_ocr.serving.model_server import json_answers, rest_api
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.handlers import Handlers
from tfx_ocr.serving.model_server.monitoring import CONTENT_TYPE, OK, Monitoring

MAX_BODY_BYTES = 128 << 20  # of a request, also when unpacked
PATIENCE_S = 50  # without a byte of a request before it is given up; libevent's, and so TensorFlow Serving's
START_S = 30

API_PATH = re.compile(r"(?i:/v1/).*", re.DOTALL)

HTTP_CODES = {
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.UNKNOWN: 500,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DATA_LOSS: 500,
}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}


class Refusal(ServingError):
    """A request that HTTP has a code of its own for.

    Attributes:
        status: that code.
    """

    def __init__(self, status: int, code: grpc.StatusCode, message: str):
        super().__init__(code, message)
        self.status = status


class App:
    """The ASGI application: reads requests, has them answered by threads, and counts them."""

    def __init__(
        self,
        handlers: Handlers,
        monitoring: Monitoring,
        *,
        threads: int,
        timeout_ms: int,
        monitoring_path: str | None = None,
        cors: bool = False,
    ):
        """Start the threads when they are needed.

        Args:
            handlers: who answers.
            monitoring: who counts, and writes the page for Prometheus.
            threads: inferences that are worked on at once.
            timeout_ms: from when a request is read until it is given up, waiting for a thread included; 0: never.
            monitoring_path: of the page; None: there is none.
            cors: let pages of other origins ask.
        """
        self._handlers, self._monitoring = handlers, monitoring
        self._timeout_s = timeout_ms / 1000 if timeout_ms > 0 else None
        self._monitoring_path = monitoring_path
        self._headers = CORS if cors else {}
        self._pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="rest")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("raw_path") or scope["path"].encode()
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        try:
            if self._monitoring_path and path == self._monitoring_path.encode():
                response = await self._page()
            elif API_PATH.fullmatch(path.decode("latin-1")):
                response = await self._api(scope, (path + query).decode("latin-1"), receive)
            else:
                response = _json(404, json_answers.format_error(f"Not found: {path.decode('latin-1')}"))
        except ClientDisconnect:
            return
        except asyncio.CancelledError:  # by the end of the grace at a stop, and by nothing else
            response = _json(
                HTTP_CODES[grpc.StatusCode.UNAVAILABLE], json_answers.format_error("The server has stopped")
            )
        await response(scope, receive, send)

    def close(self) -> None:
        """Take no request any more; those in the threads end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _page(self) -> Response:
        return Response(await asyncio.to_thread(self._monitoring.text), media_type=CONTENT_TYPE)

    async def _api(self, scope: Scope, target: str, receive: Receive) -> Response:
        if self._headers and scope["method"] == "OPTIONS":
            return _json(200, b"", self._headers)
        begin = time.monotonic()
        model, api, code = "", "", OK
        try:
            body = await _body(Headers(scope=scope), receive)
            call = rest_api.parse(scope["method"], target)
            model, api = call.spec.name, call.api
            content = await self._answer(call, body, "gzip" in Headers(scope=scope).get("content-encoding", ""))
            response = _json(200, content, self._headers)
        except ServingError as error:
            code = error.code.name
            status = error.status if isinstance(error, Refusal) else HTTP_CODES[error.code]
            response = _json(status, json_answers.format_error(error.message), self._headers)
        self._monitoring.request(api, "REST", model, code, time.monotonic() - begin)
        return response

    async def _answer(self, call: rest_api.Call, body: bytes, packed: bool) -> bytes:
        """Have a thread answer; what waits for one longer than anybody waits for the answer is not begun."""
        deadline = None if self._timeout_s is None else time.monotonic() + self._timeout_s

        def work() -> bytes:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            return rest_api.answer(self._handlers, call, _unpacked(body) if packed else body, left)

        pool = self._pool if call.api else None  # probes ask for the status: they do not wait behind inference
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.get_running_loop().run_in_executor(pool, work)
        except TimeoutError:
            raise ServingError(
                grpc.StatusCode.DEADLINE_EXCEEDED, f"No answer within {self._timeout_s:g} seconds"
            ) from None
        except ServingError:
            raise
        except Exception as error:
            logging.getLogger(__name__).exception("%s of %s failed", call.what, call.spec.name)
            raise ServingError(grpc.StatusCode.INTERNAL, f"{type(error).__name__} in the server") from error


class Server:
    """A running REST server.

    Attributes:
        port: where it listens.
    """

    def __init__(self, app: App, listening: socket.socket):
        self.port: int = listening.getsockname()[1]
        self._app = app
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, http=Connection, ws="none", lifespan="off", loop="asyncio", log_config=None, log_level="error",
                access_log=False, proxy_headers=False, server_header=False,
            )
        )  # fmt: skip
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="rest", daemon=True
        )
        self._thread.start()
        begin = time.monotonic()
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() - begin > START_S:
                raise RuntimeError("the REST server does not start")
            time.sleep(0.01)

    def stop(self, grace_s: float) -> None:
        """Accept nothing more, give what is being answered `grace_s` seconds to end, and stop."""
        self._server.config.timeout_graceful_shutdown = grace_s  # type: ignore[assignment]  # asyncio takes floats
        self._server.should_exit = True
        self._thread.join(grace_s + START_S)
        self._app.close()


class Connection(H11Protocol):
    """One client. It may close its side once it has asked, and must go on asking or reading to keep its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in H11Protocol
        """Begin to wait for a request."""
        super().connection_made(transport)
        # asyncio does so only for sockets that name TCP, and an answer's body would wait 40 ms for its head's receipt
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait()

    def on_response_complete(self) -> None:
        """Begin to wait for the next."""
        super().on_response_complete()
        self._patience.cancel()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._patience.cancel()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio asks whether to keep the connection
        """Keep the connection until the answer is out, where a whole request has come."""
        answering = self._is_busy() and not self.cycle.more_body
        if answering:
            self.cycle.keep_alive = False
        return answering

    def _wait(self, unread: float = math.inf) -> None:
        self._patience = self.loop.call_later(PATIENCE_S, self._give_up, unread)

    def _give_up(self, unread_before: float) -> None:
        """End it, unless a request is worked on, or the client has read on in the last answer."""
        unread = self.transport.get_write_buffer_size()
        if 0 < unread < unread_before:
            self._wait(unread)
        elif not self._is_busy():
            self.transport.abort()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete


def serve(
    handlers: Handlers,
    monitoring: Monitoring,
    port: int,
    threads: int,
    timeout_ms: int,
    monitoring_path: str | None,
    cors: bool = False,
) -> Server:
    """Start a server in threads of its own, on all addresses.

    Args:
        handlers: who answers.
        monitoring: who counts, and writes the page for Prometheus.
        port: to listen on; 0: any that is free.
        threads: requests that are worked on at once.
        timeout_ms: after which a request is given up; 0: never.
        monitoring_path: of the page for Prometheus; None: there is none.
        cors: let pages of other origins ask.

    Raises:
        OSError: the port is taken, or not allowed.
    """
    listening = _listen(port)
    return Server(
        App(
            handlers, monitoring, threads=threads, timeout_ms=timeout_ms, monitoring_path=monitoring_path, cors=cors
        ),
        listening,
    )  # fmt: skip


async def _body(headers: Headers, receive: Receive) -> bytes:
    """Read a request's body.

    Raises:
        Refusal: it is too large, or does not come.
        ClientDisconnect: nobody is there any more.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise _too_large("is")
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        try:
            async with asyncio.timeout(PATIENCE_S):
                part = await receive()
        except TimeoutError:
            raise Refusal(
                408, grpc.StatusCode.CANCELLED, f"The request stopped coming for {PATIENCE_S} seconds"
            ) from None
        if part["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(part.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            raise _too_large("is")
        more = part.get("more_body", False)
    return b"".join(parts)


def _unpacked(body: bytes) -> bytes:
    """A gzip body's content.

    Raises:
        ServingError: it is none, or its content is too large.
    """
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise _invalid(f"Failed to uncompress the gzipped body: {error}") from None
    if len(content) > MAX_BODY_BYTES:
        raise _too_large("unpacks to")
    if not unpacker.eof:
        raise _invalid("Failed to uncompress the gzipped body: it is cut off")
    return content


def _too_large(how: str) -> Refusal:
    message = f"The request {how} more than {MAX_BODY_BYTES} bytes, the most taken"
    return Refusal(413, grpc.StatusCode.OUT_OF_RANGE, message)


def _json(status: int, content: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(content, status, headers, media_type="application/json")


def _listen(port: int) -> socket.socket:
    """Listen on all addresses, those of IPv6 included where there are any.

    Raises:
        OSError: the port is taken, or not allowed.
    """
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise
    return socket.create_server(("", port))


def _invalid(message: str) -> ServingError:
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)
