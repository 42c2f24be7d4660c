"""`tfx-ocr serve`: the model server and the page that people use, in one process."""

from __future__ import annotations

import os
import signal
import threading
from typing import Annotated
from urllib.parse import quote

import typer

from tfx_ocr.pipeline import settings
from tfx_ocr.serving.model_server.flags import LOOPBACK

PORT = 8080


def serve(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Models to serve, by name; else all that ship or were pushed.", metavar="[NAME...]"),
    ] = None,
    port: Annotated[int, typer.Option(help="Of the page and the REST API; 0 for any that is free.")] = PORT,
    bind: Annotated[str, typer.Option(help="IP address to listen on; 0.0.0.0 for all.")] = LOOPBACK,
    models: Annotated[
        str, typer.Option(help="HOST:PORT or http://HOST:PORT of a model server to ask, in place of one in here.")
    ] = "",
    grpc_port: Annotated[int, typer.Option(help="Of gRPC; 0 for none.")] = 0,
    token: Annotated[str, typer.Option(help="That every request must bring; also TFX_OCR_TOKEN.")] = "",
    review: Annotated[
        str | None,
        typer.Option(
            help="File or postgresql:// URL of a review queue, which keeps doubtful answers; its page is /review."
        ),
    ] = None,
    doubt: Annotated[float, typer.Option(help="With --review: answers below this are doubtful.")] = 0.9,
    keep_days: Annotated[float, typer.Option(help="With --review: age at which items go; 0 never.", min=0)] = 0.0,
) -> None:
    """Serve models and the page on which people use them, until Ctrl+C.

    A model is the newest pushed version of its recipe, and follows later ones; or the one that ships.

    Examples:
      tfx-ocr serve

      tfx-ocr serve digits --port 80 --bind 0.0.0.0 --token secret

      tfx-ocr serve digits --models serving:8500

      tfx-ocr serve digits --review review.sqlite --keep-days 90

    Exit status: 0 after Ctrl+C or SIGTERM, 2 bad use, or a model or port that cannot be had.
    """
    token = token or os.environ.get("TFX_OCR_TOKEN", "")
    if token and grpc_port:
        raise ValueError("--token and --grpc-port: give one of the two, gRPC asks for no token")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    from tfx_ocr.serving.review.queue import Queue
    from tfx_ocr.serving.web import server

    queue = None if review is None else Queue(review, threshold=doubt, keep_days=keep_days)

    def say(port: int) -> None:
        host = f"[{bind}]" if ":" in bind else "localhost" if bind in (LOOPBACK, "0.0.0.0") else bind
        print(f"http://{host}:{port}/{f'?token={quote(token)}' if token else ''}  (Ctrl+C ends it)", flush=True)

    given = settings.load()
    names = names or (server.list_shipped() if models else server.list_models(given))
    if models:
        server.serve_remote(names, models, stop, port=port, bind=bind, token=token, say=say, queue=queue)
    else:
        server.serve_here(names, stop, port=port, bind=bind, token=token, say=say, queue=queue, grpc_port=grpc_port)
