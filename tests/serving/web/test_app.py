"""The page's own paths, over the shipped models in the portable form."""

from __future__ import annotations

import concurrent.futures
import hashlib
import io
import shutil
import threading
import time

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data import pretrained
from tfx_ocr.serving import versions
from tfx_ocr.serving.reader.reader import Reader
from tfx_ocr.serving.review.queue import Queue
from tfx_ocr.serving.settings import Settings
from tfx_ocr.serving.web import app, server
from tfx_ocr.serving.web.app import MAX_PICTURE_BYTES, SAMPLES, STATIC

TOKEN = "open sesame &"


class Page:
    """A page in a thread of this process."""

    def __init__(self, serve, *arguments, **options):
        self._stop, port = threading.Event(), concurrent.futures.Future()
        options = {"port": 0, "bind": "127.0.0.1", "say": port.set_result} | options
        self._thread = threading.Thread(target=serve, args=(*arguments, self._stop), kwargs=options)
        self._thread.start()
        self.port = port.result(60)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=30)

    def close(self):
        self.client.close()
        self._stop.set()
        self._thread.join(60)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFX_OCR_HOME", str(tmp_path_factory.mktemp("home")))
        page = Page(server.serve_here, ["digits"])
    yield page
    page.close()


@pytest.fixture(scope="module")
def client(page):
    return page.client


@pytest.fixture
def digit() -> bytes:
    return (SAMPLES / "digits" / "digits-1.png").read_bytes()  # a 0


def draw_number() -> bytes:
    """Return a page on which 2075 is written, as PNG."""
    drawn = np.full((600, 600), 245, np.uint8)
    cv2.putText(drawn, "2075", (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (45,), 7, cv2.LINE_AA)
    return cv2.imencode(".png", drawn)[1].tobytes()


def test_the_page_loads_nothing_from_elsewhere(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "http" not in answer.text
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


def test_the_page_weighs_little():
    assert sum(path.stat().st_size for path in STATIC.iterdir()) < 100_000


def test_models_are_listed(client):
    (model,) = client.get("/api/models").json()
    assert model["name"] == "digits"
    assert model["version"] == "pretrained"
    assert client.get("/api/models/digits/card").text.startswith("# Model card: digits")


def test_models_of_ones_own_read_pages_and_find_fields(tmp_path, monkeypatch):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    for name, shipped in {"marks": "digits", "slips": "print", "bills": "invoices"}.items():
        shutil.copytree(pretrained.get_folder(shipped), tmp_path / "serving" / name / "7")
    (tmp_path / "serving" / "strange" / "7").mkdir(parents=True)  # without a manifest
    assert server.list_models(Settings(home=str(tmp_path))) == [
        "digits",
        "hangul",
        "lines",
        "print",
        "bills",
        "marks",
        "slips",
    ]
    page = Page(server.serve_here, ["hangul", "marks", "slips", "bills"])
    try:
        abilities = ("reads_pictures", "reads_pages", "reads_lines", "finds_lines", "finds_fields")
        told = {
            each["name"]: [ability for ability in abilities if each[ability]]
            for each in page.client.get("/api/models").json()
        }
        assert told == {
            "hangul": ["reads_pictures"],
            "marks": ["reads_pictures", "reads_pages"],
            "slips": ["reads_pictures", "reads_pages", "reads_lines"],
            "bills": ["finds_fields"],
        }
        number = draw_number()
        read = page.client.post("/v1/read?recognizer=marks", content=number).json()
        assert read["pages"][0]["text"] == "2075"
        receipt = np.full((300, 900), 245, np.uint8)
        for row, text in enumerate(("Date: 12/03/2018", "TOTAL RM 9.00")):
            cv2.putText(receipt, text, (60, 100 + 120 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (45,), 3, cv2.LINE_AA)
        encoded = cv2.imencode(".png", receipt)[1].tobytes()
        read = page.client.post("/v1/read?recognizer=slips&fields=bills", content=encoded).json()
        assert read["pages"][0]["fields"][-1]["values"] == ["9.00"]
        with Reader("slips", f"http://127.0.0.1:{page.port}") as reader:
            assert (reader.recognizer, reader.parts) == ("slips", "lines")
            assert "TOTAL RM 9.00" in reader.read(receipt).text
        remote = Page(server.serve_remote, ["slips"], f"http://127.0.0.1:{page.port}")
        try:
            assert remote.client.get("/api/models").json()[0]["reads_lines"] is True
            assert remote.client.post("/v1/read?recognizer=slips", content=encoded).status_code == 200
            refused = remote.client.post("/v1/read?recognizer=marks", content=encoded)
            known = {"error": "no model 'marks'; known: digits, invoices, lines, print, slips"}
            assert (refused.status_code, refused.json()) == (400, known)
        finally:
            remote.close()
    finally:
        page.close()


def test_a_digit_is_answered(client, digit):
    answer = client.post("/api/models/digits/predict?n=3", content=digit).json()
    assert (answer["model"], answer["version"], answer["text"]) == ("digits", "pretrained", "0")
    assert answer["confidence"] > 0.9
    assert len(answer["alternatives"]) == 2


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("digits/predict", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "not"),
        ("digits/predict", b"PK\x03\x04", 400, "not"),
        ("digits/predict", b"", 400, ""),
        ("digits/predict?n=0", b"", 400, "n: "),
        ("letters/predict", b"", 400, "unknown model 'letters'; known: digits"),
        ("digits/predict", bytes(MAX_PICTURE_BYTES + 1), 413, f"more than {MAX_PICTURE_BYTES} bytes"),
    ],
    ids=["svg", "zip", "empty", "n", "model", "size"],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(client, path, body, status, said):
    answer = client.post(f"/api/models/{path}", content=body)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert said in answer.json()["error"]


def test_samples_are_three_different_pictures_with_their_labels(client, monkeypatch):
    monkeypatch.setattr(app, "SHOWN", 1000)
    assert len(client.get("/api/samples/digits").json()) == len(list((SAMPLES / "digits").glob("*.png")))
    monkeypatch.undo()
    samples = client.get("/api/samples/digits").json()
    assert len({sample["name"] for sample in samples}) == 3
    assert all(sample["label"] in list("0123456789") for sample in samples)


def test_samples_of_an_unknown_name_are_none(client):
    assert client.get("/api/samples/..").status_code == 404
    assert client.get("/api/samples/letters").json() == []


def test_the_rest_api_is_on_the_same_port(client):
    assert client.get("/v1/models/digits").json()["model_version_status"][0]["state"] == "AVAILABLE"
    assert client.get("/v1/models/letters").status_code == 404
    described = client.get("/openapi.json").json()
    assert {"/v1/read", "/api/models/{name}/predict"} <= set(described["paths"])


def test_pages_of_other_sites_may_not_send(client, digit):
    answer = client.post("/api/models/digits/predict", content=digit, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_token_is_asked_for_and_kept_in_a_cookie(digit):
    page = Page(server.serve_remote, ["digits"], "localhost:1", token=TOKEN)
    try:
        for path in ("/", "/static/app.js", "/v1/models/digits", "/?token=other"):
            assert page.client.get(path).status_code == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert page.client.get("/api/models", headers=bearer).status_code == 200
        opened = page.client.get("/", params={"token": TOKEN})
        assert (opened.status_code, opened.headers["location"]) == (303, "/")
        assert page.client.get("/api/models").json()[0]["server"] == "localhost:1"
    finally:
        page.close()


def test_a_doubtful_answer_waits_for_review_and_one_request_decides_it(tmp_path, digit, monkeypatch):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    queue = Queue(tmp_path / "queue.sqlite", sure_share=1.0, shared=0)
    page = Page(server.serve_here, ["digits"], queue=queue)
    try:
        answer = page.client.post("/api/models/digits/predict", content=digit).json()
        assert page.client.get("/review").headers["content-security-policy"].startswith("default-src 'none'")
        assert page.client.get("/api/site").json() == {"reviews": True}
        found = page.client.post("/review/take", json={"reviewer": "ann"}).json()
        item = found["item"]
        assert (item["answer"], item["version"], item["recipe"]) == ("0", "pretrained", "digits")
        assert item["confidence"] == answer["confidence"]
        assert [text for text, _ in item["runners_up"]] == [each["text"] for each in answer["alternatives"]]
        decision = {"reviewer": "ann", "item": item["id"], "verdict": "accepted"}
        assert page.client.post("/review/decide", json=decision).json()["counts"]["done"] == 1
    finally:
        page.close()


def test_another_server_is_asked_and_what_it_does_not_answer_is_a_sentence(page, digit, tmp_path):
    """Over REST, whose numbers come as Python's; the pages that it reads wait for review here."""
    queue = Queue(tmp_path / "queue.sqlite", sure_share=1.0, shared=0)
    remote = Page(server.serve_remote, ["digits"], f"http://127.0.0.1:{page.port}", queue=queue)
    gone = Page(server.serve_remote, ["digits"], "http://127.0.0.1:1")
    try:
        assert remote.client.post("/api/models/digits/predict", content=digit).json()["text"] == "0"
        drawn = remote.client.post("/api/models/digits/explain", content=digit).content
        assert drawn == page.client.post("/api/models/digits/explain", content=digit).content
        assert remote.client.post("/v1/read", content=draw_number()).json()["pages"][0]["text"] == "2075"
        assert queue.count_items()["items"] == 5
        for path, content in {"/api/models/digits/predict": digit, "/v1/read": draw_number()}.items():
            answer = gone.client.post(path, content=content)
            assert answer.status_code == 503
            assert answer.json()["error"].startswith("The model server does not answer: ")
    finally:
        remote.close()
        gone.close()


def test_the_status_counts_requests_and_names_what_is_served(client, digit):
    before = client.get("/api/status").json()["models"][0]["counted"]
    client.post("/api/models/digits/predict", content=digit)
    client.post("/api/models/digits/predict", content=b"no picture")
    found = client.get("/api/status").json()
    (digits,) = found["models"]
    assert (digits["model"]["name"], digits["model"]["version"]) == ("digits", "pretrained")
    assert digits["counted"]["requests"] == before["requests"] + 2
    assert digits["counted"]["errors"] == before["errors"] + 1
    assert (found["review"], found["jobs"]) == ({}, 0)
    page = client.get("/monitoring/prometheus/metrics").text
    assert ':tensorflow:serving:request_latency_count{model_name="digits",API="predict",entrypoint="PAGE"}' in page
    assert 'tfx_ocr_review_items{state="waiting"} 0' in page


def test_doubtful_digits_of_a_page_wait_for_review(tmp_path, monkeypatch):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    body = draw_number()
    queue = Queue(tmp_path / "queue.sqlite", sure_share=1.0, shared=0)
    page = Page(server.serve_here, ["digits"], queue=queue)
    try:
        for path in ("/v1/read", "/v1/read?job=1"):  # what is sent twice is kept once
            answer = page.client.post(path, content=body).json()
        deadline = time.monotonic() + 20
        while page.client.get(f"/v1/read/{answer['id']}").json()["state"] == "reading":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert queue.count_items()["items"] == 4
        assert page.client.get("/api/status").json()["review"] == {"waiting": 4, "done": 0}
        item = queue.take("ann")
        assert (item.answer, item.version, item.recipe) == ("2", "pretrained", "digits")
        assert (item.document, item.place[:7]) == (f"upload {hashlib.sha256(body).hexdigest()[:16]}", "page 1,")
        monkeypatch.setattr(Queue, "offer", lambda *_, **__: (_ for _ in ()).throw(ValueError("disk full")))
        assert page.client.post("/v1/read", content=body).json()["pages"][0]["text"] == "2075"
    finally:
        page.close()


def test_nothing_is_kept_and_no_page_of_review_is_there_without_a_queue(client):
    assert client.get("/review").status_code == 404
    assert client.get("/api/site").json() == {"reviews": False}


def test_a_first_push_takes_the_place_of_the_model_that_ships(digit, monkeypatch, tmp_path):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    page = Page(server.serve_here, ["digits"])
    try:
        source = shutil.copytree(pretrained.get_folder("digits"), tmp_path / "digits")
        pushed = versions.publish(source, tmp_path / "serving" / "digits", versions.read_manifest(source))
        deadline = time.monotonic() + 30
        answer = {"version": ""}
        while answer["version"] != str(pushed.version):
            assert time.monotonic() < deadline, answer
            time.sleep(0.2)
            answer = page.client.post("/api/models/digits/predict", content=digit).json()
        assert answer["text"] == "0"
        assert page.client.get("/api/models").json()[0]["version"] == str(pushed.version)
    finally:
        page.close()


def test_an_answer_is_explained_in_a_picture(client, digit):
    assert client.get("/api/models").json()[0]["explains"] is True
    drawn = client.post("/api/models/digits/explain", content=digit)
    assert drawn.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(drawn.content)).size == (256, 256)
    assert client.post("/api/models/digits/explain", content=b"PK").status_code == 400
