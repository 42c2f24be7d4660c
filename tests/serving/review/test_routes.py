"""What the reviewer's page asks: JSON in, the next item out; and the page, which loads nothing from elsewhere."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from tfx_ocr.serving.review.queue import Queue
from tfx_ocr.serving.review.routes import STATIC, build_router
from tfx_ocr.serving.web.app import STATIC as SHARED

PNG = b"\x89PNG 7"

ELSEWHERE = ("/", "/status", "/docs")  # pages of the server that the queue is part of


@pytest.fixture
def queue(tmp_path):
    """Return a queue of three items."""
    queue = Queue(tmp_path / "queue.sqlite", shared=0, sure_share=0)
    for number in range(3):
        queue.offer(
            PNG[:-1] + b"%d" % number, "4", 0.5, recipe="digits", version="3", document="a.png", runners_up=[("9", 0.3)]
        )
    return queue


@pytest.fixture
def ask(queue):
    """Return `ask(path, body)`, which sends a request to the page's application: a POST where there is a body."""

    async def send(path, body, **options):
        app = FastAPI()
        app.include_router(build_router(queue))
        app.mount("/static", StaticFiles(directory=SHARED))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            if body is None and not options:
                return await client.get(path)
            return await client.post(path, **(options or {"json": body}))

    return lambda path, body=None, **options: asyncio.run(send(path, body, **options))


def test_an_item_is_taken_decided_and_taken_back_by_one_request_each(ask, queue):
    found = ask("/review/take", {"reviewer": "ann"}).json()
    assert found["item"]["picture"] == "data:image/png;base64,iVBORyAw"
    assert (found["item"]["id"], found["item"]["answer"], found["item"]["runners_up"]) == (1, "4", [["9", 0.3]])
    assert found["counts"]["items"] == 3
    found = ask("/review/decide", {"reviewer": "ann", "item": 1, "verdict": "corrected", "text": "7"}).json()
    assert (found["item"]["id"], found["counts"]["mine"], found["counts"]["done"]) == (2, 1, 1)
    assert ask("/review/undo", {"reviewer": "ann"}).json()["item"]["id"] == 1
    assert queue.count_items()["done"] == 0


def test_nothing_is_left_after_the_last_item(ask):
    for item in (1, 2, 3):
        found = ask("/review/decide", {"reviewer": "ann", "item": item, "verdict": "accepted"}).json()
    assert found["item"] is None


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("take", {}, "reviewer '': give a name of 1 to 64 characters"),
        ("take", {"reviewer": 7}, "reviewer: give a text"),
        ("take", [], "no JSON object"),
        ("decide", {"reviewer": "ann", "verdict": "accepted"}, "item: give its number"),
        ("decide", {"reviewer": "ann", "item": 9, "verdict": "accepted"}, "item 9 is not in the queue"),
        ("decide", {"reviewer": "ann", "item": 1, "verdict": "maybe"}, "unknown verdict 'maybe'; known: accepted"),
    ],
)
def test_a_bad_request_is_one_sentence(ask, path, body, sentence):
    answer = ask(f"/review/{path}", body)
    assert answer.status_code == 409
    assert answer.json()["error"].startswith(sentence)


def test_forms_of_other_sites_long_bodies_and_damaged_json_are_refused(ask):
    form = {"content": b'{"reviewer": "ann"}', "headers": {"Content-Type": "text/plain"}}
    assert ask("/review/take", **form).status_code == 415
    json_type = {"Content-Type": "application/json; charset=utf-8"}
    assert ask("/review/take", content=b" " * 400_001, headers=json_type).status_code == 413
    assert ask("/review/take", content=b"{", headers=json_type).status_code == 409


def test_the_page_and_its_files_load_nothing_from_elsewhere(ask):
    pages = [ask(path) for path in ("/review", "/review/pages")]
    assert {page.headers["cache-control"] for page in pages} == {"no-store"}
    linked = [path for page in pages for path in re.findall(r'(?:src|href)="([^"]+)"', page.text)]
    assert {ask(path).status_code for path in linked if path not in ELSEWHERE} == {200}
    assert ask("/review/static/review.js").headers["content-type"].startswith("text/javascript")
    assert ask("/review/static/queue.py").status_code == 404
    assert ask("/review/static/..%2Froutes.py").status_code == 404
    texts = [file.read_text(encoding="utf-8") for file in STATIC.iterdir()]
    assert [text for text in texts if "://" in text or "style=" in text or "<script>" in text] == []
    for page, script in zip(pages, ("review.js", "pages.js"), strict=True):
        named = set(re.findall(r'at\("(\w+)"\)', (STATIC / script).read_text(encoding="utf-8")))
        assert named <= set(re.findall(r'id="(\w+)"', page.text))
