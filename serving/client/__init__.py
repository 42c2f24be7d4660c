"""Clients of a served model, over REST or gRPC, without TensorFlow: the same requests, the same answers."""

from __future__ import annotations

from typing import Any

from tfx_ocr.data.registry import load_named
from tfx_ocr.serving.client.contract import Client, VersionState
from tfx_ocr.serving.client.retries import Backoff
from tfx_ocr.serving.locations import SERVERS, find_scheme
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.signature import Signature

__all__ = ["Backoff", "Client", "RequestError", "Signature", "VersionState", "connect"]


def connect(server: str, model: str, **options: Any) -> Client:
    """Make a client of one model of a server. Nothing is sent yet.

    Args:
        server: `http://HOST:PORT` or `https://HOST:PORT` for REST; `HOST:PORT`, or `dns:` and `unix:` as gRPC has them,
            for gRPC.
        model: the served model's name.
        options: `version` (a number) or `label` (such as `stable`) for another version than the newest; `timeout_s`
            for a request with all its attempts; `backoff` between them.

    Raises:
        ValueError: the address is of neither form, or both a version and a label are named.
    """
    client: Client = load_named(SERVERS, find_scheme(server) or "grpc", "runtime")(server, model, **options)
    return client
