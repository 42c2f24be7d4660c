"""The HTTP server of the REST API: reads requests, has threads answer them, with TensorFlow Serving's codes."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import errno
import functools
import logging
import math
import socket
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import grpc
import uvicorn
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tfx_ocr.serving.codes import HTTP_STATUSES
from tfx_ocr.serving.model_server import json_answers, large_bodies, reading, rest_api
from tfx_ocr.serving.model_server.errors import InvalidArgumentError, ServingError
from tfx_ocr.serving.model_server.flags import ALL_ADDRESSES, LOOPBACK
from tfx_ocr.serving.model_server.handlers import Handlers
from tfx_ocr.serving.model_server.monitoring import CONTENT_TYPE, OK, Monitoring

if TYPE_CHECKING:
    from tfx_ocr.serving.model import Model

MAX_BODY_BYTES = 128 << 20  # of a request, also when unpacked
MAX_HELD_BYTES = 4 * MAX_BODY_BYTES  # of all bodies that are read or answered at once
LARGE_BODY_BYTES = 4 << 20  # of which one request is worked on at a time
PATIENCE_S = 50  # without a byte of a request before it is given up; libevent's, and so TensorFlow Serving's
START_S = 30

Wrap = Callable[["App"], ASGIApp]


class Bodies:
    """Reads the bodies of requests, and counts how many bytes they take together."""

    def __init__(self) -> None:
        self._held_bytes = 0

    @contextlib.asynccontextmanager
    async def hold(self, scope: Scope, receive: Receive, most: int | None = None) -> AsyncIterator[list[bytes]]:
        """Read a request's body, and count its bytes until the end of the block.

        Args:
            scope: of the request.
            receive: likewise.
            most: bytes that are taken; None for `MAX_BODY_BYTES`.

        Raises:
            ServingError: the body is too large, stops coming, or would be more than all bodies may take together.
            ClientDisconnect: the client has left.
        """
        most = MAX_BODY_BYTES if most is None else most
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > most:
            raise _build_size_error("is", most)
        parts: list[bytes] = []
        size = 0
        try:
            try:
                async with asyncio.timeout(PATIENCE_S) as patience:
                    async for part in Request(scope, receive).stream():
                        patience.reschedule(asyncio.get_running_loop().time() + PATIENCE_S)
                        parts.append(part)
                        size += len(part)
                        self._held_bytes += len(part)
                        if size > most:
                            raise _build_size_error("is", most)
                        if self._held_bytes > MAX_HELD_BYTES:
                            message = f"The server holds {MAX_HELD_BYTES} bytes of requests, the most taken at once"
                            raise ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
            except TimeoutError:
                message = f"The request stopped coming for {PATIENCE_S} seconds"
                raise ServingError(grpc.StatusCode.CANCELLED, message, http_status=408) from None
            yield parts
        finally:
            self._held_bytes -= size


class App:
    """The ASGI application: reads requests, has threads answer them, and counts them.

    Attributes:
        bodies: of all requests; what stands before the application reads its own by them.
        reading: of pages.
        monitoring: what is counted.
    """

    def __init__(
        self,
        handlers: Handlers,
        monitoring: Monitoring,
        *,
        threads: int,
        timeout_ms: int,
        monitoring_path: str | None = None,
        cors: bool = False,
        find_model: Callable[[str], Model] | None = None,
    ):
        """Start the threads when they are needed.

        Args:
            handlers: answer the requests.
            monitoring: counts them, and writes the page for Prometheus.
            threads: inferences that are worked on at once.
            timeout_ms: from when a request is read until it is given up, waiting for a thread included; 0: never.
            monitoring_path: of the page; None or "": no page.
            cors: let pages of other origins send requests.
            find_model: returns the model that reads pages by its name; None: as `reading.Models` does.
        """
        self._handlers, self.monitoring = handlers, monitoring
        self._timeout_s = timeout_ms / 1000 if timeout_ms > 0 else None
        self.bodies = Bodies()
        self._pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="rest")
        self._large = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="rest-large")
        self.reading = reading.Reading(find_model or reading.Models(handlers))
        monitoring.jobs.read = lambda: {(): self.reading.count_jobs()}
        routes: list[BaseRoute] = [Mount(prefix, self._serve_api) for prefix in ("/v1", "/V1")]
        routes.append(Route("/openapi.json", self._describe_api))
        if monitoring_path:
            routes.append(Route(monitoring_path, self._show_metrics))
        router = Router(routes, redirect_slashes=False, default=_refuse_path)
        self._app: ASGIApp = CORSMiddleware(router, ["*"], allow_methods=["POST", "GET", "DELETE"]) if cors else router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:  # by the end of the grace at a stop, and by nothing else
            response = _build_response(
                HTTP_STATUSES["UNAVAILABLE"], json_answers.format_error("The server has stopped")
            )
            await response(scope, receive, send)

    def close(self) -> None:
        """Take no more requests; those in the threads end by themselves."""
        for pool in (self._pool, self._large):
            pool.shutdown(wait=False, cancel_futures=True)
        self.reading.close()

    async def _describe_api(self, _: Request) -> Response:
        return _build_response(200, await asyncio.to_thread(reading.build_openapi))

    async def _show_metrics(self, _: Request) -> Response:
        return Response(await asyncio.to_thread(self.monitoring.format_page), media_type=CONTENT_TYPE)

    async def _serve_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = time.monotonic()
        model, api, code = "", "", OK
        target = _get_path(scope) + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        is_packed = "gzip" in Headers(scope=scope).get("content-encoding", "")
        try:
            async with self.bodies.hold(scope, receive) as parts:
                if reading_call := reading.parse(scope["method"], target):
                    api = "read"
                    body = b"".join(parts)
                    body = await asyncio.to_thread(_unpack, body) if is_packed else body
                    response = _build_response(*await self.reading.answer(reading_call, body, self._timeout_s))
                else:
                    call = rest_api.parse(scope["method"], target)
                    model, api = call.spec.name, call.api
                    response = _build_response(200, await self._answer(call, parts, is_packed))
        except ServingError as error:
            code = error.code.name
            response = _build_response(error.http_status, json_answers.format_error(error.message))
        except ClientDisconnect:
            raise
        except Exception as error:
            logging.getLogger(__name__).exception("%s %s failed", scope["method"], target)
            code, message = "INTERNAL", f"{type(error).__name__} in the server"
            response = _build_response(HTTP_STATUSES[code], json_answers.format_error(message))
        self.monitoring.count_request(api, "REST", model, code, time.monotonic() - begin)
        await response(scope, receive, send)

    async def _answer(self, call: rest_api.Call, parts: list[bytes], is_packed: bool) -> bytes:
        """Have a thread answer; a request whose time is over while it waits for one is not begun."""
        deadline = None if self._timeout_s is None else time.monotonic() + self._timeout_s

        def work() -> bytes:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            body = b"".join(parts)
            body = _unpack(body) if is_packed else body
            read: rest_api.Read = rest_api.read_request
            if large_bodies.is_slow(body):
                read = functools.partial(large_bodies.read_apart, timeout_s=left)
            return rest_api.answer(self._handlers, call, body, left, read)

        is_large = sum(map(len, parts)) > LARGE_BODY_BYTES
        # probes read the status: they do not wait behind inference
        pool = None if not call.api else self._large if is_large else self._pool
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.get_running_loop().run_in_executor(pool, work)
        except TimeoutError:
            raise ServingError(
                grpc.StatusCode.DEADLINE_EXCEEDED, f"No answer within {self._timeout_s:g} seconds"
            ) from None


class Server:
    """A running REST server, in a thread of its own.

    Attributes:
        port: where it listens.
    """

    def __init__(self, app: App, port: int, bind: str = LOOPBACK, wrap: Wrap | None = None):
        """Start to listen.

        Args:
            app: answers the requests.
            wrap: returns an application that stands in place of `app` and passes requests on to it.
            port: to listen on; 0: any that is free.
            bind: IP address to listen on; 0.0.0.0 and :: are all, those of IPv6 included where there are any.

        Raises:
            OSError: the port is taken, or not allowed.
        """
        listening = listen(bind, port)
        self.port: int = listening.getsockname()[1]
        self._app = app
        served: ASGIApp = wrap(app) if wrap else app
        self._server = uvicorn.Server(
            uvicorn.Config(
                served, http=Connection, ws="none", lifespan="off", loop="asyncio", log_config=None, log_level="error",
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


def _unpack(body: bytes) -> bytes:
    """Return a gzip body's content.

    Raises:
        ServingError: the body is not gzip, or its content is too large.
    """
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise InvalidArgumentError(f"Failed to uncompress the gzipped body: {error}") from None
    if len(content) > MAX_BODY_BYTES:
        raise _build_size_error("unpacks to", MAX_BODY_BYTES)
    if not unpacker.eof:
        raise InvalidArgumentError("Failed to uncompress the gzipped body: it is cut off")
    return content


def _build_size_error(how: str, most: int) -> ServingError:
    message = f"The request {how} more than {most} bytes, the most taken"
    return ServingError(grpc.StatusCode.OUT_OF_RANGE, message, http_status=413)


async def _refuse_path(scope: Scope, receive: Receive, send: Send) -> None:
    response = _build_response(404, json_answers.format_error(f"Not found: {_get_path(scope)}"))
    await response(scope, receive, send)


def _get_path(scope: Scope) -> str:
    """Return the path as it came, its percent signs not decoded."""
    return (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")


def _build_response(status: int, content: bytes, media_type: str = reading.JSON) -> Response:
    return Response(content, status, media_type=media_type)


def listen(bind: str, port: int) -> socket.socket:
    """Open a socket on an address.

    Raises:
        OSError: the port is taken, or not allowed.
    """
    if bind in ALL_ADDRESSES:
        bind = "0.0.0.0"
        if socket.has_dualstack_ipv6():
            try:
                return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    return socket.create_server((bind, port), family=family)
