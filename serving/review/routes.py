"""The reviewer's page and what it asks: one item at a time, each request one decision. Part of `serving.web`."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tfx_ocr.serving.review.queue import Item, Queue

STATIC = Path(__file__).with_name("static")
FILES = {
    "review.css": "text/css",
    "review.js": "text/javascript",
    "pages.js": "text/javascript",
    "queue.js": "text/javascript",
}
MOST_BYTES = 400_000  # of a request
HEADERS = {"Cache-Control": "no-store"}  # others are `serving.web.guard`'s
KINDS = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg"}  # what `images.to_png` leaves


def build_router(queue: Queue) -> APIRouter:
    """Build what lies at `/review`: the pages, their files, and `take`, `decide` and `undo`, which take JSON.

    With `pages` true they are about whole pages.
    """

    async def show_page(request: Request) -> Response:
        name = "pages.html" if request.url.path.endswith("/pages") else "review.html"
        return FileResponse(STATIC / name, headers=HEADERS)

    async def show_file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in FILES:
            return JSONResponse({"error": f"no file {name!r}"}, 404, HEADERS)
        return FileResponse(STATIC / name, headers=HEADERS, media_type=FILES[name])

    async def take(request: Request) -> Response:
        return await _answer(
            request, lambda given: queue.take(_get_text(given, "reviewer"), pages=_get_pages(given)), queue
        )

    async def decide(request: Request) -> Response:
        def act(given: dict[str, Any]) -> Item | None:
            reviewer, verdict = _get_text(given, "reviewer"), _get_text(given, "verdict")
            item = given.get("item")
            if not isinstance(item, int):
                raise ValueError("item: give its number")
            queue.decide(item, reviewer, verdict, _get_text(given, "text"))  # type: ignore[arg-type]  # it is checked
            return queue.take(reviewer, pages=_get_pages(given))

        return await _answer(request, act, queue)

    async def undo(request: Request) -> Response:
        def act(given: dict[str, Any]) -> Item | None:
            reviewer = _get_text(given, "reviewer")
            pages = _get_pages(given)
            return queue.undo(reviewer, pages=pages) or queue.take(reviewer, pages=pages)

        return await _answer(request, act, queue)

    routes: list[BaseRoute] = [
        Route("/review", show_page),
        Route("/review/pages", show_page),
        Route("/review/static/{name}", show_file),
        Route("/review/take", take, methods=["POST"]),
        Route("/review/decide", decide, methods=["POST"]),
        Route("/review/undo", undo, methods=["POST"]),
    ]
    return APIRouter(routes=routes)


async def _answer(request: Request, act: Any, queue: Queue) -> Response:
    """Act on the JSON object of a request; return the reviewer's next item and how far the queue is."""
    # a form of another site cannot send this type without asking first
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return JSONResponse({"error": "content type: application/json is needed"}, 415, HEADERS)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return JSONResponse({"error": f"a request of more than {MOST_BYTES} bytes"}, 413, HEADERS)
    try:
        given = json.loads(body)
        if not isinstance(given, dict):
            raise ValueError("no JSON object")
        item = await run_in_threadpool(act, given)
        reviewer, pages = _get_text(given, "reviewer"), _get_pages(given)
        counts = await run_in_threadpool(lambda: queue.count_items(reviewer, pages=pages))
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 409, HEADERS)
    return JSONResponse({"item": _to_plain(item) if item else None, "counts": counts}, headers=HEADERS)


def _get_text(given: dict[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name}: give a text")
    return value


def _get_pages(given: dict[str, Any]) -> bool:
    value = given.get("pages", False)
    if not isinstance(value, bool):
        raise ValueError("pages: give true or false")
    return value


def _to_plain(item: Item) -> dict[str, Any]:
    """Return an item as JSON has it, its picture as a data URL."""
    kind = next((kind for begin, kind in KINDS.items() if item.picture.startswith(begin)), "application/octet-stream")
    picture = f"data:{kind};base64,{base64.b64encode(item.picture).decode()}"
    return {**item._asdict(), "picture": picture}
